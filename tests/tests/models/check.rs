//! What is asked of the model checker, and how its answer is told.

use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, Expectation, Model};

/// Goes through all states: everything that is always to hold holds, and everything that is sometimes to happen does.
pub(crate) fn holds<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Clone + PartialEq + Send + Sync,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    let checker = model.checker().spawn_bfs().join();
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        match property.expectation {
            Expectation::Sometimes => assert!(found.is_some(), "{name}: never: {}", property.name),
            _ => {
                let path = found.map(|path| path.into_actions());
                assert!(path.is_none(), "{name}: not always: {}: {path:?}", property.name);
            }
        }
    }
    let (states, unique, depth) = (checker.state_count(), checker.unique_state_count(), checker.max_depth());
    println!("holds   {name}: {states} states, {unique} of them different, {depth} steps deep");
}

/// That property is found not to hold; tells a way there.
pub(crate) fn breaks<M>(name: &str, model: M, property: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Debug + Hash + Clone + PartialEq + Send + Sync,
    M::Action: Debug + Clone + PartialEq + Send + Sync,
{
    let checker = model.checker().spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("{name}: no counter-example to: {property}"));
    let actions = path.into_actions();
    let steps: Vec<String> = actions.iter().map(|action| format!("{action:?}")).collect();
    let unique = checker.unique_state_count();
    println!("broken  {name}: {unique} states; not always: {property}\n            {}", steps.join(", "));
}
