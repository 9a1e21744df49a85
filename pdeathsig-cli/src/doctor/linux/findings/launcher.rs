//! The launchers that it belongs to.

use super::Level::{Bad, Good, Note};
use super::{finding, process, Finding};
use crate::linux::facts::*;

pub(super) fn launchers(facts: &Facts) -> Vec<Finding> {
    facts.launchers.iter().flat_map(|launcher| [Some(tied(launcher)), owner_outside(launcher)]).flatten().collect()
}

fn tied(launcher: &Launcher) -> Finding {
    let Launcher { outer, inner, .. } = launcher;
    let tree = match launcher.program {
        Some(program) => format!("the process tree of program {program}"),
        None => "the process tree".into(),
    };
    let (owner, how) = (owner(launcher), how(launcher));
    if !launcher.may_signal {
        let sentence = format!(
            "It is in the tree of a launcher (outer {outer}, inner {inner}), which has no permission to signal it: it runs as another user."
        );
        return finding(Bad, "launcher-may-not-signal", sentence)
            .remedy("put the launcher inside: `sudo pdeathsig COMMAND` instead of `pdeathsig sudo COMMAND`");
    }
    match launcher.role {
        Role::Outer => {
            let sentence = format!(
                "It is the outer process of a launcher (inner: {inner}). When {owner} dies, the launcher kills {tree}{how}, and exits. It does \
                 the same when either of its two processes is killed."
            );
            finding(Good, "launcher-outer", sentence)
        }
        Role::Inner => {
            let sentence = format!(
                "It is the inner process of a launcher (outer: {outer}). When {owner} dies, the launcher kills {tree}{how}, and exits. It does \
                 the same when either of its two processes is killed. SIGCONT as parent-death signal wakes it if it is stopped then."
            );
            finding(Good, "launcher-inner", sentence)
        }
        Role::Program | Role::Descendant => {
            let part = if launcher.role == Role::Program { "It is the program of" } else { "It is in the tree of" };
            let sentence = format!(
                "{part} a launcher (outer {outer}, inner {inner}). When {owner} dies, the launcher kills {tree}{how}. It does the same \
                 when either of its two processes is killed."
            );
            finding(Good, "under-launcher", sentence)
        }
    }
}

/// "the owner (actor 4242) or process 4243"
fn owner(launcher: &Launcher) -> String {
    let watched = launcher.options.known().map(|options| options.watched.as_slice()).unwrap_or_default();
    let owner = match launcher.owner {
        0 if !watched.is_empty() => None,
        0 => Some("the owner".into()),
        pid => Some(format!("the owner ({})", process(launcher.owner_name.as_ref(), pid))),
    };
    let watched = watched.iter().map(|pid| format!("process {pid}"));
    owner.into_iter().chain(watched).collect::<Vec<_>>().join(" or ")
}

/// How the tree is killed after the owner's death.
fn how(launcher: &Launcher) -> String {
    let Some(options) = launcher.options.known() else { return String::new() };
    match &options.signal {
        Some(signal) if signal != "SIGKILL" => {
            let grace = options.grace.as_ref().map_or("the grace".into(), |grace| format!("the grace ({grace})"));
            format!(" ({signal} first, SIGKILL after {grace})")
        }
        _ => " (SIGKILL)".into(),
    }
}

fn owner_outside(launcher: &Launcher) -> Option<Finding> {
    let sentence = "The owner of the launcher is outside this pid namespace, and the launcher does not watch it. The tree ends when the \
                    program exits, or when a process of the launcher is killed.";
    (launcher.owner == 0).then(|| {
        finding(Note, "launcher-owner-outside", sentence)
            .remedy("`--watch-pid` with the pid of a process inside the container, if the tree must end with that")
    })
}
