//! What happens to the process when others die.

use nix::libc;
use serde::Serialize;

use super::facts::*;
use super::findings::{process, this};
use super::signals::{default_action, has, name, Action};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) event: Event,
    /// The process or the thread that dies.
    pub(crate) of: i32,
    pub(crate) outcome: Outcome,
    /// The signal that arrives, if it is known.
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
    /// The owner of a launcher.
    OwnerKilled,
    /// One of the two processes of a launcher.
    LauncherKilled,
    /// The program of a launcher.
    ProgramExits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Dies,
    /// It gets a signal, and it is not known what that does.
    Signal,
    Lives,
    Unknown,
}

pub(crate) fn verdicts(facts: &Facts) -> Vec<Verdict> {
    if facts.state == State::Zombie {
        return Vec::new();
    }
    let mut all = vec![parent_killed(facts)];
    all.extend(thread_ends(facts));
    all.extend(tether_cut(facts));
    facts.launchers.iter().for_each(|launcher| all.extend(launcher_ends(facts, launcher)));
    all
}

/// What happens to the process, before the event is named.
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
        let sentence = format!("{when}, {}.", self.text);
        Verdict { event, of, outcome: self.outcome, signal: self.signal.map(name), sentence }
    }
}

fn parent_killed(facts: &Facts) -> Verdict {
    let parent = facts.parent.pid;
    let fate = match facts.launchers.first() {
        // The parent of *outer* is the owner.
        Some(launcher) if launcher.role == Role::Outer && !launcher.watches_owner => by_own_means(facts, true),
        Some(launcher) if launcher.is_half() => with_tree(),
        Some(launcher) if launcher.inner == parent && launcher.may_signal => by_launcher(),
        Some(launcher) if launcher.program == Some(parent) && launcher.may_signal => {
            unless_own_means(facts, after_program(launcher))
        }
        nearest => match facts.owner_of_tether() {
            Some((_, Relation::Parent)) => by_tether(facts),
            _ => {
                let mut fate = by_own_means(facts, true);
                if let Some(launcher) = nearest.filter(|_| fate.outcome == Outcome::Lives && fate.signal.is_none()) {
                    fate.text =
                        format!("this process lives on, in the tree of the launcher (outer {})", launcher.outer);
                }
                fate
            }
        },
    };
    fate.of(Event::ParentKilled, parent, &format!("If the parent, {}, is killed", this(&facts.parent)))
}

/// Only for a thread other than the main one, which as a rule exits with the process.
fn thread_ends(facts: &Facts) -> Option<Verdict> {
    let spawner = facts.parent.spawner.known().filter(|spawner| spawner.thread != facts.parent.pid)?;
    let mut fate = by_own_means(facts, false);
    if fate.outcome == Outcome::Lives && fate.signal.is_none() {
        fate.text = "this process lives, and another thread of the parent takes over".into();
    }
    let when = format!("If only thread {} ({}) of the parent exits", spawner.thread, spawner.name);
    Some(fate.of(Event::SpawnerThreadEnds, spawner.thread, &when))
}

fn tether_cut(facts: &Facts) -> Option<Verdict> {
    let (owner, relation) = facts.owner_of_tether().filter(|(_, relation)| *relation != Relation::Parent)?;
    let what = if relation == Relation::Itself { "this process itself" } else { "the owner of the tether" };
    Some(by_tether(facts).of(Event::TetherCut, owner, &format!("If {what}, {owner}, is killed")))
}

/// The hang-up signal of a tether does not terminate the first process of a pid namespace.
fn by_tether(facts: &Facts) -> Fate {
    if facts.is_init() {
        let text =
            "this process lives: it is process 1 of its pid namespace, which a tether's signal does not terminate";
        return fate(Outcome::Lives, None, text);
    }
    let text = "this process and its group get the signal of the tether. Only the owner knows which one";
    fate(Outcome::Signal, None, text)
}

fn launcher_ends(facts: &Facts, launcher: &Launcher) -> Vec<Verdict> {
    let Launcher { role, owner, outer, inner, program, .. } = launcher;
    if !launcher.is_half() && !launcher.may_signal {
        return vec![by_own_means(facts, false).of(
            Event::OwnerKilled,
            *owner,
            &format!("If the owner of the launcher, {}, is killed", process(launcher.owner_name.as_ref(), *owner)),
        )];
    }
    let end = || if launcher.is_half() { with_tree() } else { by_launcher() };
    let mut all = Vec::new();
    // Otherwise the owner is the parent.
    if launcher.watches_owner && *role != Role::Outer {
        let when =
            format!("If the owner of the launcher, {}, is killed", process(launcher.owner_name.as_ref(), *owner));
        all.push(on_owners_death(launcher).of(Event::OwnerKilled, *owner, &when));
    }
    for (half, is_other) in [(*outer, *role != Role::Outer), (*inner, *role != Role::Inner)] {
        // The death of its parent is told anyhow.
        if is_other && half != facts.parent.pid {
            all.push(end().of(Event::LauncherKilled, half, &format!("If process {half} of the launcher is killed")));
        }
    }
    if let Some(program) = program.filter(|program| *role == Role::Descendant && *program != facts.parent.pid) {
        let when = format!("If the launcher's program, {program}, exits or is killed");
        all.push(after_program(launcher).of(Event::ProgramExits, program, &when));
    }
    all
}

fn with_tree() -> Fate {
    fate(Outcome::Dies, None, "the launcher kills its process tree, and this process exits with it")
}

fn by_launcher() -> Fate {
    fate(Outcome::Dies, libc::SIGKILL, "the launcher kills this process with its whole tree (SIGKILL)")
}

fn on_owners_death(launcher: &Launcher) -> Fate {
    if launcher.is_half() {
        return with_tree();
    }
    match &launcher.options {
        Known::Unknown { .. } => {
            let text = "this process gets the signal of the launcher with its whole tree, and after a grace SIGKILL";
            fate(Outcome::Dies, None, text)
        }
        Known::Known(LauncherOptions { signal: Some(signal), .. }) if signal != "SIGKILL" => {
            let text = format!("this process gets {signal} with its whole tree, and after a grace SIGKILL");
            fate(Outcome::Dies, None, text)
        }
        Known::Known(_) => by_launcher(),
    }
}

fn after_program(launcher: &Launcher) -> Fate {
    if launcher.keeps_background() {
        return fate(Outcome::Lives, None, "this process lives on, because of --keep-background");
    }
    let text = "this process has one second to exit. Then the launcher sends SIGTERM, and after a grace SIGKILL";
    fate(Outcome::Dies, None, text)
}

/// What it armed itself comes first.
fn unless_own_means(facts: &Facts, otherwise: Fate) -> Fate {
    let own = by_own_means(facts, true);
    match own.outcome {
        Outcome::Dies => own,
        _ => otherwise,
    }
}

/// By its parent-death signal, or by its watch, for which only the parent process counts.
fn by_own_means(facts: &Facts, process_dies: bool) -> Fate {
    let fates: Vec<Fate> = facts.armed().map(|(_, signal)| by_signal(facts, signal)).collect();
    let strongest = fates.into_iter().min_by_key(|fate| match fate.outcome {
        Outcome::Dies => 0,
        Outcome::Signal => 1,
        Outcome::Unknown => 2,
        Outcome::Lives => 3,
    });
    match strongest {
        Some(dies) if dies.outcome == Outcome::Dies => dies,
        _ if process_dies && facts.watcher().is_some() => {
            fate(Outcome::Signal, None, "this process gets the signal of its watch. Only the program knows which one")
        }
        Some(other) if other.outcome == Outcome::Signal || facts.armed_unknown().is_none() => other,
        _ => match facts.armed_unknown() {
            Some(reason) => fate(Outcome::Unknown, None, format!("the outcome is not known: {reason}")),
            None if process_dies && facts.group.hang_up.is_some() => by_hang_up(facts),
            None if process_dies => fate(Outcome::Lives, None, "this process lives on as an orphan"),
            None => fate(Outcome::Lives, None, "this process lives"),
        },
    }
}

/// By the kernel, which also continues a stopped group.
fn by_hang_up(facts: &Facts) -> Fate {
    let mut fate = on_signal(facts, libc::SIGHUP);
    fate.text += match facts.group.hang_up {
        Some(HangUp::Orphaned) => {
            " (from the kernel, because its group has a stopped process and becomes an orphaned group)"
        }
        _ => " (from its terminal, because the parent leads the session)",
    };
    fate
}

/// By the parent-death signal.
fn by_signal(facts: &Facts, signal: i32) -> Fate {
    if !facts.parent_may_signal() {
        let text = "this process lives: its parent has no permission to signal it";
        return fate(Outcome::Lives, signal, text);
    }
    on_signal(facts, signal)
}

fn on_signal(facts: &Facts, signal: i32) -> Fate {
    let (signals, called) = (&facts.signals, name(signal));
    let lives = |why: String| fate(Outcome::Lives, signal, format!("this process lives: {why}"));
    let later = matches!(facts.state, State::Stopped | State::Frozen) && signal != libc::SIGKILL;
    let later = if later { " when it is continued" } else { "" };
    if facts.ignores(signal) {
        return lives(format!("it ignores {called}"));
    }
    if has(signals.blocked, signal) {
        let text = format!("{called} stays pending, and this process lives until it takes or unblocks the signal");
        return fate(Outcome::Signal, signal, text);
    }
    if has(signals.caught, signal) {
        return fate(Outcome::Signal, signal, format!("this process gets {called}{later}, and its handler runs"));
    }
    if facts.is_init() && signal != libc::SIGKILL && signal != libc::SIGSTOP {
        return lives(format!("it is process 1 of its pid namespace, and has no handler for {called}"));
    }
    match default_action(signal) {
        Action::Terminate => fate(Outcome::Dies, signal, format!("this process gets {called}{later}, and dies")),
        Action::Stop => lives(format!("{called} only stops it")),
        Action::Ignore => lives(format!("{called} does nothing without a handler")),
    }
}
