//! What protects the process, and what is the matter with that.

use nix::libc;

use crate::facts::*;
use crate::findings::Level::{Bad, Good, Note, Unknown};
use crate::findings::{finding, Finding};
use crate::signals::{by_default, name, ByDefault};

pub(crate) fn armed(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (thread, signal) in facts.armed() {
        let signal = name(signal);
        found.push(if facts.is_main(thread) {
            finding(Good, "armed", format!("Its main thread has armed {signal} as the parent-death signal."))
        } else {
            let sentence = format!(
                "Its thread {} ({}) has armed {signal}, not the main thread: when that thread ends, the setting is gone.",
                thread.id, thread.name
            );
            finding(Bad, "armed-on-worker-thread", sentence)
                .remedy("arm on the main thread, first thing in `main`; `die_with_parent` refuses to do it elsewhere")
        });
    }
    if let Some(reason) = facts.armed_unknown() {
        let main = facts.threads.iter().any(|thread| facts.is_main(thread) && thread.armed.known().is_none());
        let whose = if main { "its main thread" } else { "some of its other threads" };
        let sentence = format!("The parent-death signal of {whose} is unknown, because {reason}.");
        found.push(
            finding(Unknown, "armed-unknown", sentence)
                .remedy("the program itself can tell: `pdeathsig::parent_death_signal()`"),
        );
    } else if facts.armed().next().is_none() && facts.watcher().is_none() && facts.owner_of_tether().is_none() {
        found.push(
            finding(Bad, "not-armed", "No thread of it has armed a parent-death signal.")
                .remedy("`#[die_with_parent] fn main()` in this program, or `Tether` in the one that spawns it"),
        );
    }
    found
}

/// What is the matter with each signal that may come.
pub(crate) fn disposition(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut armed: Vec<i32> = facts.armed().map(|(_, signal)| signal).collect();
    armed.dedup();
    for signal in armed {
        let (signals, called) = (&facts.signals, name(signal));
        if has(signals.ignored, signal) {
            found.push(
                finding(Bad, "signal-ignored", format!("It ignores {called}, so nothing happens when its parent dies."))
                    .remedy("SIGKILL, or set the signal to its default before `arm`; `CommandExt::die_with_parent` does that before exec"),
            );
        } else if has(signals.blocked, signal) {
            found.push(
                finding(Bad, "signal-blocked", format!("{called} is blocked in all its threads: it waits, unless the program takes it by signalfd or sigwait."))
                    .remedy("SIGKILL, or unblock it before `arm`"),
            );
        } else if has(signals.caught, signal) {
            let sentence = format!("It has a handler for {called}: what happens then is up to the program.");
            found.push(
                finding(Note, "signal-caught", sentence)
                    .remedy("`grace`, with which SIGKILL follows if the handler does not end it"),
            );
        } else if facts.is_init() && signal != libc::SIGKILL && signal != libc::SIGSTOP {
            found.push(
                finding(
                    Bad,
                    "init-without-handler",
                    format!(
                        "It is process 1 of its pid namespace and has no handler for {called}, which so does nothing."
                    ),
                )
                .remedy("SIGKILL, which comes from outside and ends it; or a handler"),
            );
        } else if by_default(signal) != ByDefault::Ends {
            found.push(
                finding(Bad, "signal-harmless", format!("{called} does not end a process that has no handler for it."))
                    .remedy("SIGKILL or SIGTERM"),
            );
        }
    }
    found
}

/// Those that somebody would have a watch send. (Rust programs ignore SIGPIPE.)
const USUAL: [i32; 6] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

pub(crate) fn watch(facts: &Facts) -> Vec<Finding> {
    if facts.watcher().is_none() {
        return Vec::new();
    }
    let sentence =
        "It watches its parent (thread pdeathsig-watch): the whole process, whichever thread has spawned it.";
    let mut found = vec![finding(Good, "watch", sentence)];
    let listed = |bits: u64| {
        let signals = USUAL.into_iter().filter(|signal| has(bits, *signal));
        signals.map(name).collect::<Vec<_>>().join(", ")
    };
    let (ignored, blocked) = (listed(facts.signals.ignored), listed(facts.signals.blocked_in_main));
    if !(ignored.is_empty() && blocked.is_empty()) {
        let parts = [("ignores", ignored), ("blocks in its main thread", blocked)];
        let parts: Vec<_> =
            parts.iter().filter(|(_, list)| !list.is_empty()).map(|(does, list)| format!("{does} {list}")).collect();
        let sentence = format!(
            "It {}. Which signal the watch sends cannot be known; were it one of these, it would do nothing.",
            parts.join(" and ")
        );
        found.push(
            finding(Unknown, "watch-signal-unknown", sentence).remedy("SIGKILL, or `grace`, after which SIGKILL comes"),
        );
    }
    found
}

pub(crate) fn tether(facts: &Facts) -> Vec<Finding> {
    let group = facts.group.id;
    match &facts.group.leader {
        Leader::Anchor { owner, owner_name, relation } => {
            let owner =
                owner_name.as_ref().map_or_else(|| format!("process {owner}"), |name| format!("{name} {owner}"));
            let who = match relation {
                Relation::Parent => "its parent",
                Relation::Ancestor => "an ancestor of it",
                Relation::Itself => "this process itself",
                Relation::Other => "no ancestor of it: what had spawned it in between has ended",
            };
            let sentence =
                format!("It is tethered: its group {group} dies with {owner}, {who}. Threads do not matter.");
            vec![finding(Good, "tethered", sentence)]
        }
        Leader::Dead { .. } => {
            let sentence = format!("The leader of its group {group} is a zombie, perhaps the anchor of a tether whose owner is gone. Then this one has survived the signal.");
            vec![finding(Note, "group-leader-dead", sentence)
                .remedy("`Tether::new(Signal::KILL)`, which no member survives")]
        }
        _ if facts.group.parent_has_tether => {
            let sentence = format!("Its parent has a tether, but this process is not in it: it was not spawned by that, or has left for the group {group}.");
            vec![finding(Note, "not-in-tether", sentence)
                .remedy("`command.tether(&tether)?`, without a `process_group(…)` or `setsid` after it")]
        }
        _ => Vec::new(),
    }
}
