//! The launchers that it belongs to.

use super::Level::{Bad, Good, Note};
use super::{finding, process, Finding};
use crate::linux::facts::*;

pub(super) fn launchers(facts: &Facts) -> Vec<Finding> {
    facts.launchers.iter().flat_map(|launcher| [Some(tied(launcher)), owner_outside(launcher)]).flatten().collect()
}

fn tied(launcher: &Launcher) -> Finding {
    let Launcher { outer, inner, .. } = launcher;
    if !launcher.may_signal {
        let sentence = format!(
            "It is in the tree of a launcher (outer {outer}, inner {inner}), which has no permission to signal it: it runs as another user."
        );
        return finding(Bad, "launcher-may-not-signal", sentence)
            .remedy("put the launcher inside: `sudo pdeathsig COMMAND` instead of `pdeathsig sudo COMMAND`");
    }
    let tree = match launcher.program {
        Some(program) => format!("the process tree of program {program}"),
        None => "the process tree".into(),
    };
    let kills = format!(
        "When {} dies, the launcher kills {tree}{}. It does so at once when one of its own two processes is killed.",
        owner(launcher),
        how(launcher)
    );
    let (id, part) = match launcher.role {
        Role::Outer => ("launcher-outer", format!("It is the outer process of a launcher (inner: {inner}).")),
        Role::Inner => ("launcher-inner", format!("It is the inner process of a launcher (outer: {outer}).")),
        Role::Program => ("under-launcher", format!("It is the program of a launcher (outer {outer}, inner {inner}).")),
        Role::Descendant => {
            ("under-launcher", format!("It is in the tree of a launcher (outer {outer}, inner {inner})."))
        }
    };
    finding(Good, id, format!("{part} {kills}"))
}

/// "the owner (actor 4242) or process 4243"
fn owner(launcher: &Launcher) -> String {
    let watched = launcher.options.known().map(|options| options.watched.as_slice()).unwrap_or_default();
    let owner = launcher
        .watches_owner
        .then(|| format!("the owner ({})", process(launcher.owner_name.as_ref(), launcher.owner)));
    let owner = owner.or_else(|| watched.is_empty().then(|| "a process of the launcher".into()));
    let watched = watched.iter().map(|pid| format!("process {pid}"));
    owner.into_iter().chain(watched).collect::<Vec<_>>().join(" or ")
}

/// How the tree is killed after the owner's death.
fn how(launcher: &Launcher) -> String {
    let Some(options) = launcher.options.known() else { return String::new() };
    match &options.signal {
        Some(signal) if signal != "SIGKILL" => {
            let grace = options.grace.as_ref().map_or("10 s", |grace| grace.as_str());
            format!(" ({signal} first, SIGKILL after {grace})")
        }
        _ => " (SIGKILL)".into(),
    }
}

fn owner_outside(launcher: &Launcher) -> Option<Finding> {
    let sentence = "The owner of the launcher is outside the launcher's pid namespace, so the launcher cannot watch it. The tree ends when the \
                    program exits, or when a process of the launcher is killed.";
    (!launcher.watches_owner).then(|| {
        finding(Note, "launcher-owner-outside", sentence)
            .remedy("`--watch-pid` with the pid of a process inside the container, if the tree must end with that")
    })
}
