//! What happens to the process when others end.

use nix::libc;
use serde::Serialize;

use crate::facts::*;
use crate::findings::this;
use crate::signals::{by_default, name, ByDefault};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) event: Event,
    /// The process or the thread that ends.
    pub(crate) of: i32,
    pub(crate) outcome: Outcome,
    /// The signal that comes, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signal: Option<String>,
    pub(crate) sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    ParentKilled,
    SpawnerThreadEnds,
    TetherCut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It is killed.
    Dies,
    /// It gets a signal of which it is not known what it does.
    Signal,
    Lives,
    Unknown,
}

pub(crate) fn verdicts(facts: &Facts) -> Vec<Verdict> {
    if facts.state == State::Zombie {
        return Vec::new();
    }
    [Some(parent_killed(facts)), thread_ends(facts), tether_cut(facts)].into_iter().flatten().collect()
}

/// What comes of an event, before it is put into a sentence.
struct Fate {
    outcome: Outcome,
    signal: Option<i32>,
    text: String,
}

fn fate(outcome: Outcome, signal: impl Into<Option<i32>>, text: impl Into<String>) -> Fate {
    Fate { outcome, signal: signal.into(), text: text.into() }
}

impl Fate {
    fn of(self, event: Event, of: i32, when: &str) -> Verdict {
        let sentence = format!("{when}: {}.", self.text);
        Verdict { event, of, outcome: self.outcome, signal: self.signal.map(name), sentence }
    }
}

fn parent_killed(facts: &Facts) -> Verdict {
    let fate = match facts.owner_of_tether() {
        Some((_, Relation::Parent)) => by_tether(),
        _ => by_own_means(facts, true),
    };
    fate.of(Event::ParentKilled, facts.parent.pid, &format!("If the parent, {}, is killed", this(&facts.parent)))
}

/// Only if it is another than the main one: that ends, as a rule, with the process.
fn thread_ends(facts: &Facts) -> Option<Verdict> {
    let spawner = facts.parent.spawner.known().filter(|spawner| spawner.thread != facts.parent.pid)?;
    let mut fate = by_own_means(facts, false);
    if fate.outcome == Outcome::Lives && facts.armed().next().is_none() {
        fate.text = "this process lives, and passes to another thread of the parent".into();
    }
    let when = format!("If only the thread {} ({}) of the parent ends", spawner.thread, spawner.name);
    Some(fate.of(Event::SpawnerThreadEnds, spawner.thread, &when))
}

fn tether_cut(facts: &Facts) -> Option<Verdict> {
    let (owner, relation) = facts.owner_of_tether().filter(|(_, relation)| *relation != Relation::Parent)?;
    let what = if relation == Relation::Itself { "this process itself" } else { "the owner of the tether" };
    Some(by_tether().of(Event::TetherCut, owner, &format!("If {what}, {owner}, is killed")))
}

fn by_tether() -> Fate {
    fate(
        Outcome::Signal,
        None,
        "this process gets the signal of the tether (which one, only its owner knows), and so does its group",
    )
}

/// By its parent-death signal, or by its watch, which heeds the parent's process alone.
fn by_own_means(facts: &Facts, process_ends: bool) -> Fate {
    let fates: Vec<Fate> = facts.armed().map(|(_, signal)| by_signal(facts, signal)).collect();
    let strongest = fates.into_iter().min_by_key(|fate| match fate.outcome {
        Outcome::Dies => 0,
        Outcome::Signal => 1,
        Outcome::Unknown => 2,
        Outcome::Lives => 3,
    });
    match strongest {
        Some(dies) if dies.outcome == Outcome::Dies => dies,
        _ if process_ends && facts.watcher().is_some() => {
            fate(Outcome::Signal, None, "this process gets the signal of its watch (which one, only the program knows)")
        }
        Some(other) if other.outcome == Outcome::Signal || facts.armed_unknown().is_none() => other,
        _ => match facts.armed_unknown() {
            Some(reason) => fate(Outcome::Unknown, None, format!("it cannot be told, because {reason}")),
            None if process_ends => fate(Outcome::Lives, None, "this process lives on, as an orphan"),
            None => fate(Outcome::Lives, None, "this process lives"),
        },
    }
}

fn by_signal(facts: &Facts, signal: i32) -> Fate {
    let (signals, called) = (&facts.signals, name(signal));
    let lives = |why: String| fate(Outcome::Lives, signal, format!("this process lives: {why}"));
    let later = matches!(facts.state, State::Stopped | State::Frozen) && signal != libc::SIGKILL;
    let later = if later { " when it is continued" } else { "" };
    if !facts.parent_may_signal() {
        return lives("its parent, of another user, may not send it a signal".into());
    }
    if has(signals.ignored, signal) {
        return lives(format!("it ignores {called}"));
    }
    if has(signals.blocked, signal) {
        return fate(
            Outcome::Signal,
            signal,
            format!("{called} waits, blocked, and this process lives until it takes or unblocks it"),
        );
    }
    if has(signals.caught, signal) {
        return fate(
            Outcome::Signal,
            signal,
            format!("this process gets {called}{later}, and handles it in its own way"),
        );
    }
    if facts.is_init() && signal != libc::SIGKILL && signal != libc::SIGSTOP {
        return lives(format!("it is process 1 of its namespace, to which {called} does nothing without a handler"));
    }
    match by_default(signal) {
        ByDefault::Ends => fate(Outcome::Dies, signal, format!("this process gets {called}{later}, and ends")),
        ByDefault::Stops => lives(format!("{called} only stops it")),
        ByDefault::Nothing => lives(format!("{called} does nothing without a handler")),
    }
}
