//! What ties it to its parent, and what can defeat that.

use nix::libc;

use super::Level::{Bad, Good, Note, Unknown};
use super::{finding, how_to_tie, process, Finding};
use crate::linux::facts::*;
use crate::linux::signals::{default_action, has, name, Action};

pub(super) fn armed(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.own_launcher().is_some() {
        // Its parent-death signal only wakes it.
        return found;
    }
    for (thread, signal) in facts.armed() {
        let signal = name(signal);
        found.push(if facts.is_main(thread) {
            finding(Good, "armed", format!("Its main thread armed {signal} as parent-death signal."))
        } else {
            let sentence = format!(
                "Its thread {} ({}) armed {signal}, not its main thread. The kernel drops the setting when that thread exits.",
                thread.id, thread.name
            );
            finding(Bad, "armed-on-worker-thread", sentence)
                .remedy("arm on the main thread, first in `main`; `die_with_parent` refuses to arm elsewhere")
        });
    }
    let is_tied =
        facts.watcher().is_some() || facts.owner_of_tether().is_some() || facts.launcher_that_kills().is_some();
    if let Some(reason) = facts.armed_unknown() {
        let main = facts.threads.iter().any(|thread| facts.is_main(thread) && thread.armed.known().is_none());
        let whose = if main { "its main thread" } else { "some of its other threads" };
        let sentence = format!("The parent-death signal of {whose} is not known: {reason}.");
        let remedy = "the program can read it: `pdeathsig::parent_death_signal()`";
        found.push(finding(Unknown, "armed-unknown", sentence).remedy(remedy));
    } else if facts.armed().next().is_none() && !is_tied {
        let sentence = "None of its threads armed a parent-death signal.";
        found.push(finding(Bad, "not-armed", sentence).remedy(how_to_tie(facts)));
    }
    found
}

/// What defeats an armed signal.
pub(super) fn disposition(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    // There it is better that nothing arrives, and a launcher's own signal only wakes it.
    if facts.own_launcher().is_some() || facts.entered_namespace() {
        return found;
    }
    let mut armed: Vec<i32> = facts.armed().map(|(_, signal)| signal).collect();
    armed.dedup();
    for signal in armed {
        let (signals, called) = (&facts.signals, name(signal));
        if facts.ignores(signal) {
            let sentence = format!("It ignores {called}, so nothing happens when its parent dies.");
            found.push(finding(Bad, "signal-ignored", sentence).remedy(
                "SIGKILL, or reset the signal to its default before `arm`; `CommandExt::die_with_parent` resets it before exec",
            ));
        } else if has(signals.blocked, signal) {
            let sentence =
                format!("All its threads block {called}. It stays pending until the program unblocks it, or takes it by signalfd or sigwait.");
            found.push(finding(Bad, "signal-blocked", sentence).remedy("SIGKILL, or unblock it before `arm`"));
        } else if has(signals.caught, signal) {
            let sentence = format!("It has a handler for {called}. The program decides what happens then.");
            let remedy = "`grace`, which sends SIGKILL if the process is still alive after it";
            found.push(finding(Note, "signal-caught", sentence).remedy(remedy));
        } else if facts.is_init() && signal != libc::SIGKILL && signal != libc::SIGSTOP {
            let sentence = format!(
                "It is process 1 of its pid namespace and has no handler for {called}. The kernel discards such a signal."
            );
            let remedy = "SIGKILL, which terminates it when it comes from outside; or a handler";
            found.push(finding(Bad, "init-without-handler", sentence).remedy(remedy));
        } else if default_action(signal) != Action::Terminate {
            let sentence = format!("{called} does not terminate a process that has no handler for it.");
            found.push(finding(Bad, "signal-harmless", sentence).remedy("SIGKILL or SIGTERM"));
        }
    }
    found
}

/// Signals that a watch usually sends. (Rust programs ignore SIGPIPE.)
const USUAL: [i32; 6] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

pub(super) fn watch(facts: &Facts) -> Vec<Finding> {
    if facts.watcher().is_none() {
        return Vec::new();
    }
    let sentence =
        "It watches its parent process (thread pdeathsig-watch). The thread that spawned it does not matter.";
    let mut found = vec![finding(Good, "watch", sentence)];
    let listed = |mask: u64| {
        let signals = USUAL.into_iter().filter(|signal| has(mask, *signal));
        signals.map(name).collect::<Vec<_>>().join(", ")
    };
    let (ignored, blocked) = (listed(facts.signals.ignored), listed(facts.signals.blocked_in_main));
    if !(ignored.is_empty() && blocked.is_empty()) {
        let parts = [("ignores", ignored), ("blocks in its main thread", blocked)];
        let parts: Vec<_> =
            parts.iter().filter(|(_, list)| !list.is_empty()).map(|(does, list)| format!("{does} {list}")).collect();
        let sentence = format!(
            "It {}. If the watch sends one of these, nothing happens. Only the program knows which one it sends.",
            parts.join(" and ")
        );
        let remedy = "SIGKILL, or `grace`, which sends SIGKILL afterwards";
        found.push(finding(Unknown, "watch-signal-unknown", sentence).remedy(remedy));
    }
    found
}

pub(super) fn tether(facts: &Facts) -> Vec<Finding> {
    let group = facts.group.id;
    match &facts.group.leader {
        Leader::Anchor { owner, owner_name, relation } => {
            let owner = process(owner_name.as_ref(), *owner);
            let relation = match relation {
                Relation::Parent => "its parent",
                Relation::Ancestor => "an ancestor of it",
                Relation::Itself => "this process itself",
                Relation::Other => "not an ancestor of it any more, because a process in between has exited",
            };
            let sentence = format!(
                "It is a member of a tether. Its process group {group} is signalled when the owner, {owner} ({relation}), dies. Threads do not matter."
            );
            if facts.is_init() {
                let sentence = format!(
                    "{sentence} But it is process 1 of its pid namespace, and this signal does not terminate it."
                );
                return vec![finding(Bad, "tethered-init", sentence)
                    .remedy("start it with `Launcher` or the command `pdeathsig`")];
            }
            vec![finding(Good, "tethered", sentence)]
        }
        Leader::Dead { .. } => {
            let sentence = format!(
                "The leader of its group {group} is a zombie. It may be the anchor of a tether whose owner has died. If so, this process \
                 survived the tether's signal."
            );
            vec![finding(Note, "group-leader-dead", sentence)
                .remedy("`Tether::new(Signal::KILL)`, which no member survives")]
        }
        _ if facts.group.parent_has_tether => {
            let sentence = format!(
                "Its parent owns a tether, but this process is not a member. It was spawned without the tether, or it has moved to group {group}."
            );
            vec![finding(Note, "not-in-tether", sentence)
                .remedy("`command.tether(&tether)?`, without `process_group(…)` or `setsid` after it; or `Launcher`")]
        }
        _ => Vec::new(),
    }
}
