//! Checks a model, and prints the result.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Model};

/// The rows of one model, printed when all of them are there, so that those of other models do not come between.
#[derive(Debug)]
pub(crate) struct Table {
    text: String,
}

impl Table {
    pub(crate) fn of(model: &str) -> Table {
        let text = format!("\n{model:<58}{:>10}{:>9}{:>7}{:>12}  result\n", "states", "unique", "depth", "properties");
        Table { text }
    }

    /// All of the model's properties hold in all of its states, and what is to be possible happens in one of them.
    pub(crate) fn holds<M>(&mut self, variant: &str, model: M)
    where
        M: Model + Send + Sync + 'static,
        M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
        M::Action: Debug + Display + Send + Sync + Clone + PartialEq,
    {
        let start = Instant::now();
        let checker = model.checker().spawn_bfs().join();
        checker.assert_properties();
        self.row(variant, &checker, &format!("holds ({:.1?})", start.elapsed()));
    }

    /// In some state, this property does not hold.
    pub(crate) fn fails<M>(&mut self, variant: &str, property: &'static str, model: M)
    where
        M: Model + Clone + Send + Sync + 'static,
        M::State: Debug + Hash + Send + Sync + Clone + PartialEq,
        M::Action: Debug + Display + Send + Sync + Clone + PartialEq,
    {
        let checker = model.clone().checker().spawn_bfs().join();
        assert!(checker.discovery(property).is_some(), "{variant}: «{property}» holds");
        self.row(variant, &checker, &format!("counter-example to «{property}»"));
        // What the checker keeps is the last one that it has found.
        let shortest = |depth| model.clone().checker().target_max_depth(depth).spawn_bfs().join().discovery(property);
        let path = (1..).find_map(shortest).unwrap();
        for (number, action) in path.into_actions().iter().enumerate() {
            self.text += &format!("      {}. {action}\n", number + 1);
        }
    }

    fn row<M: Model>(&mut self, variant: &str, checker: &impl Checker<M>, result: &str) {
        let (states, unique, depth) = (checker.state_count(), checker.unique_state_count(), checker.max_depth());
        let properties = checker.model().properties().len();
        self.text += &format!("  {variant:<56}{states:>10}{unique:>9}{depth:>7}{properties:>12}  {result}\n");
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        println!("{}", self.text);
    }
}
