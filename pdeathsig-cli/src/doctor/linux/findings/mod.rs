//! What the facts mean, each with its remedy.

mod launcher;
mod parent;
mod protection;
mod surroundings;
mod terminal;

use serde::Serialize;

use super::facts::{Facts, Parent, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Good,
    Bad,
    Note,
    Unknown,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// For programs. It does not change.
    pub(crate) id: &'static str,
    pub(crate) sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<&'static str>,
}

fn finding(level: Level, id: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { level, id, sentence: sentence.into(), remedy: None }
}

impl Finding {
    fn remedy(self, remedy: &'static str) -> Finding {
        Finding { remedy: Some(remedy), ..self }
    }
}

pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    if facts.state == State::Zombie {
        return vec![finding(Level::Note, "dead", "It is dead. Its parent has not waited for it yet (a zombie).")];
    }
    let parts = [
        surroundings::state,
        terminal::stopped,
        parent::parent,
        parent::spawner,
        parent::wrapper,
        launcher::launchers,
        protection::armed,
        protection::disposition,
        protection::watch,
        protection::tether,
        terminal::group,
        surroundings::namespaces,
        surroundings::adoption,
        surroundings::children,
        surroundings::credentials,
    ];
    parts.iter().flat_map(|part| part(facts)).collect()
}

/// How to tie a process like this one to its parent.
fn how_to_tie(facts: &Facts) -> &'static str {
    if facts.entered_namespace() {
        // Whatever arms here is killed when the runtime's helper exits.
        "start it from a process inside the container, with `Launcher` or `Tether`"
    } else {
        "start it with `Launcher`, with the command `pdeathsig`, or with a `Tether`; or put `#[die_with_parent]` on its own `main`"
    }
}

/// "actor 4242"
pub(crate) fn this(parent: &Parent) -> String {
    match (parent.pid, &parent.name) {
        (0, _) => "a process outside this pid namespace".into(),
        (pid, Some(name)) => format!("{name} {pid}"),
        (pid, None) => format!("process {pid}"),
    }
}

/// "actor 4242", or "process 4242" if the name is not known.
pub(crate) fn process(name: Option<&String>, pid: i32) -> String {
    name.map_or_else(|| format!("process {pid}"), |name| format!("{name} {pid}"))
}
