//! What becomes of the process when its parent dies, by the facts.

use pdeathsig::Signal;
use serde::Serialize;

use crate::facts::{Facts, Known, Signals};
use crate::findings::{self, Finding};

#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    pub(crate) facts: Facts,
    pub(crate) findings: Vec<Finding>,
    pub(crate) if_the_parent_dies: Verdict,
    pub(crate) if_only_the_spawning_thread_ends: Verdict,
}

/// What becomes of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Dies,
    /// It has a handler, and goes on as that decides.
    Handles,
    /// It gets a signal, and which one cannot be known: that of a watch, or of a tether.
    Signalled,
    Lives,
    Unknown,
}

/// What a parent-death signal does to the process.
pub(crate) enum Effect {
    Ends,
    Caught,
    Ignored,
    Blocked,
    /// The first process of a pid namespace has no handler for it.
    NoHandler,
    /// The default is to do nothing, or to stop.
    None,
}

impl Diagnosis {
    pub(crate) fn of(facts: Facts) -> Diagnosis {
        let by_the_kernel = by_the_kernels_signal(&facts);
        let process_scoped = facts.watch || facts.tether.as_ref().is_some_and(|tether| tether.owner_is_parent);
        let signalled = process_scoped && by_the_kernel != Verdict::Dies;
        Diagnosis {
            if_the_parent_dies: if signalled { Verdict::Signalled } else { by_the_kernel },
            if_only_the_spawning_thread_ends: by_the_kernel,
            findings: findings::of(&facts),
            facts,
        }
    }
}

fn by_the_kernels_signal(facts: &Facts) -> Verdict {
    match facts.armed_signal() {
        Known::Unknown(_) => Verdict::Unknown,
        Known::Is(None) => Verdict::Lives,
        Known::Is(Some(signal)) => match effect(facts, signal) {
            Effect::Ends => Verdict::Dies,
            Effect::Caught => Verdict::Handles,
            _ => Verdict::Lives,
        },
    }
}

pub(crate) fn effect(facts: &Facts, signal: i32) -> Effect {
    let Signals { ignored, blocked, caught } = facts.signals;
    match Signal::from_raw(signal) {
        Ok(Signal::KILL) => Effect::Ends,
        _ if Signals::has(ignored, signal) => Effect::Ignored,
        _ if Signals::has(blocked, signal) => Effect::Blocked,
        _ if Signals::has(caught, signal) => Effect::Caught,
        _ if facts.first_of_pid_namespace => Effect::NoHandler,
        Ok(Signal::CHLD | Signal::CONT | Signal::URG | Signal::WINCH) => Effect::None,
        Ok(Signal::STOP | Signal::TSTP | Signal::TTIN | Signal::TTOU) => Effect::None,
        _ => Effect::Ends,
    }
}
