//! Its state, namespaces, adopters, children and credentials.

use super::Level::{Good, Note};
use super::{finding, Finding};
use crate::linux::facts::*;

pub(super) fn state(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    match facts.state {
        State::Stopped => found.push(finding(
            Note,
            "stopped",
            "It is stopped. SIGKILL terminates it at once. Any other signal, and a watch, takes effect when it is continued.",
        )),
        State::Frozen => found.push(finding(
            Note,
            "frozen",
            "Its control group is frozen. Signals take effect when it is thawed. In a control group of version 2, SIGKILL does not wait.",
        )),
        State::Uninterruptible => found.push(finding(
            Note,
            "uninterruptible",
            "It is in uninterruptible sleep (state D). Signals, SIGKILL included, take effect when it wakes.",
        )),
        State::Alive | State::Zombie => {}
    }
    if facts.traced_by != 0 {
        let sentence = format!("Process {} traces it, and decides whether a signal is delivered.", facts.traced_by);
        found.push(finding(Note, "traced", sentence));
    }
    found
}

pub(super) fn namespaces(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.is_init() && facts.pid != 1 {
        found.push(finding(
            Note,
            "init-of-namespace",
            "It is process 1 of a pid namespace: when it exits, all processes in there are killed. It gets only signals that it has a handler \
             for, and SIGKILL from outside.",
        ));
    }
    if facts.namespaces.user_is_parents.is(|same| !same) {
        found.push(finding(Note, "other-user-namespace", "It is in another user namespace than its parent."));
    }
    found
}

/// Names of programs that adopt orphans.
const ADOPTERS: [&str; 10] = [
    "systemd",
    "init",
    "tini",
    "dumb-init",
    "docker-init",
    "catatonit",
    "s6-svscan",
    "runit",
    "conmon",
    "containerd-shim",
];

pub(super) fn adoption(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.adoption.subreaper.is(|is| *is) {
        found.push(finding(Note, "subreaper", "It is a subreaper: it adopts orphans among its descendants."));
    }
    if facts.parent.pid <= 1 || facts.own_launcher().is_some() {
        return found;
    }
    let sentence = match facts.launchers.first() {
        Some(launcher) if launcher.inner == facts.parent.pid => return found,
        Some(launcher) => {
            format!(
                "If its parent dies, the launcher's process {} adopts it, unless a subreaper in between does.",
                launcher.inner
            )
        }
        None => {
            // The kernel keeps 15 characters of a name.
            let adopts = |name: &str| ADOPTERS.iter().any(|adopter| name == &adopter[..adopter.len().min(15)]);
            let ancestors = &facts.adoption.ancestors;
            let likely = ancestors.iter().find(|ancestor| adopts(&ancestor.name)).or(ancestors.last());
            let likely = likely
                .map_or("process 1 of its pid namespace".into(), |likely| format!("{} {}", likely.name, likely.pid));
            format!(
                "If its parent dies, the nearest subreaper above adopts it, probably {likely}. The kernel does not show which processes are \
                 subreapers."
            )
        }
    };
    found.push(finding(Note, "adopter", sentence));
    found
}

pub(super) fn children(facts: &Facts) -> Vec<Finding> {
    let Children { alive, tethered, launchers, .. } = facts.children;
    // The children of a launcher's process are its business.
    if alive == 0 || facts.own_launcher().is_some() {
        return Vec::new();
    }
    let many = |number: usize| if number == 1 { "1 child".into() } else { format!("{number} children") };
    let is_under_launcher = facts.launcher_that_kills().is_some();
    if tethered == alive {
        return vec![finding(Good, "children-tethered", format!("It has {}, tethered to it.", many(alive)))];
    }
    if tethered + launchers == alive {
        let sentence = format!(
            "It has {}: {tethered} tethered to it, {launchers} that are launchers, which kill their trees when it dies.",
            many(alive)
        );
        return vec![finding(Good, "children-tied", sentence)];
    }
    let untied = alive - tethered - launchers;
    let sentence = format!(
        "It has {}; {untied} of them neither under a tether nor under a launcher of its own. Examine each to see whether it dies with this \
         process.",
        many(alive)
    );
    let finding = finding(Note, "children", sentence);
    vec![if is_under_launcher {
        finding
    } else {
        finding
            .remedy("`Launcher` or `Tether` for what it spawns; or `process_group` or `descendants` with its own watch")
    }]
}

pub(super) fn credentials(facts: &Facts) -> Vec<Finding> {
    let its = &facts.credentials;
    let mut found = Vec::new();
    if let Known::Known(Some(what)) = &its.program {
        let sentence =
            format!("Its program file has {what}: an exec of it clears a parent-death signal that was armed before.");
        let remedy = "arm in its own `main`; or `Tether` or `Launcher`, which need permission to signal it";
        found.push(finding(Note, "privileged-program", sentence).remedy(remedy));
    }
    if its.real_user != its.effective_user || its.real_group != its.effective_group {
        let sentence = format!(
            "Its real and effective ids differ (users {}, {}; groups {}, {}). A change of an effective id clears the parent-death signal.",
            its.real_user, its.effective_user, its.real_group, its.effective_group
        );
        let remedy =
            "arm after the change and check with `parent_death_signal()`; or use `watch`, which is not cleared";
        found.push(finding(Note, "credentials-differ", sentence).remedy(remedy));
    }
    found
}
