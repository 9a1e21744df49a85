//! What the facts mean, each with its remedy.

use serde::Serialize;

use crate::facts::*;
use crate::protection::{armed, disposition, tether, watch};
use Level::{Bad, Good, Note, Unknown};

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
    /// Stable, for programs.
    pub(crate) id: &'static str,
    pub(crate) sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<&'static str>,
}

pub(crate) fn finding(level: Level, id: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { level, id, sentence: sentence.into(), remedy: None }
}

impl Finding {
    pub(crate) fn remedy(self, remedy: &'static str) -> Finding {
        Finding { remedy: Some(remedy), ..self }
    }
}

pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    if facts.state == State::Zombie {
        return vec![finding(Note, "dead", "It is dead, and waits for its parent to ask how it ended.")];
    }
    let parts = [state, parent, spawner, armed, disposition, watch, tether, group, namespaces, adoption, children];
    parts.iter().flat_map(|part| part(facts)).chain(credentials(facts)).collect()
}

fn state(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    match facts.state {
        State::Stopped => found.push(finding(
            Note,
            "stopped",
            "It is stopped. SIGKILL ends it all the same; any other signal comes when it is continued, and so does a watch.",
        )),
        State::Frozen => found.push(finding(
            Note,
            "frozen",
            "Its control group is frozen. Any signal waits until it is thawed, but SIGKILL where the group is of version 2.",
        )),
        State::Uninterruptible => found.push(finding(
            Note,
            "uninterruptible",
            "It is in a call that nothing interrupts (state D). A signal, SIGKILL too, comes when that is over.",
        )),
        State::Alive | State::Zombie => {}
    }
    if facts.traced_by != 0 {
        let sentence = format!("It is traced by {}, which sees each signal first and may keep it.", facts.traced_by);
        found.push(finding(Note, "traced", sentence));
    }
    found
}

fn parent(facts: &Facts) -> Vec<Finding> {
    let parent = &facts.parent;
    let mut found = Vec::new();
    match parent.pid {
        0 => found.push(
            finding(Note, "parent-outside", "Its parent is outside of this pid namespace, and reads as 0 before and after its death.")
                .remedy("`die_with_parent` works all the same; `watch` cannot see this parent. Or `Tether` on the parent's side"),
        ),
        1 => found.push(
            finding(Note, "parent-is-init", "Its parent is process 1: that has spawned it (a service, a container), or it is an orphan.")
                .remedy("tell the child its parent's id and use `expected_parent`: `getppid() == 1` proves nothing"),
        ),
        _ => {}
    }
    if let Known::Known(proof) = &parent.adopted {
        let sentence = format!("It is an orphan: its parent has ended, and {} has adopted it ({proof}).", this(parent));
        found.push(finding(Bad, "orphan", sentence).remedy(
            "`#[die_with_parent]` or `expected_parent` in this program, or `Tether` in the one that spawns it",
        ));
    }
    if !facts.parent_may_signal() {
        let sentence = format!(
            "Its parent, {}, is of another user and may not send it a signal; the parent-death signal is sent in its name.",
            this(parent)
        );
        found.push(
            finding(Bad, "parent-may-not-signal", sentence).remedy("`watch`, by which the child sends it to itself"),
        );
    }
    found
}

/// "the parent actor 4242"
pub(crate) fn this(parent: &Parent) -> String {
    match &parent.name {
        Some(name) => format!("{name} {}", parent.pid),
        None => format!("process {}", parent.pid),
    }
}

fn spawner(facts: &Facts) -> Vec<Finding> {
    let parent = &facts.parent;
    vec![match &parent.spawner {
        Known::Known(spawner) if spawner.thread == parent.pid => finding(
            Good,
            "spawned-by-main-thread",
            "It belongs to the main thread of its parent, which ends with the process. (If another thread had spawned it, that has ended, and passed it on.)",
        ),
        Known::Known(spawner) => {
            let what = format!(
                "It belongs to the thread {} ({}) of its parent, not to the main thread",
                spawner.thread, spawner.name
            );
            if facts.armed().next().is_some() {
                finding(
                    Bad,
                    "spawned-by-thread",
                    format!("{what}: the signal comes when that thread ends, though the parent lives."),
                )
                .remedy("`DieWithParent::watch` in the child or `Tether` in the parent; or spawn on the main thread")
            } else {
                finding(Note, "spawned-by-thread", format!("{what}. When that ends, another thread has it.")).remedy(
                    "arm with `watch`, or use `Tether`: a plain parent-death signal would come at that thread's end",
                )
            }
        }
        Known::Unknown { unknown } => {
            let sentence = format!("It cannot be told which thread of its parent it belongs to: {unknown}.");
            finding(Unknown, "spawner-unknown", sentence).remedy("`watch` or `Tether`, for which it does not matter")
        }
    }]
}

fn group(facts: &Facts) -> Vec<Finding> {
    let Group { id, session, terminal, leader, .. } = &facts.group;
    let leads = |leads: bool| if leads { ", which it leads" } else { "" };
    let terminal = match terminal {
        Terminal::None => "has no terminal",
        Terminal::Foreground => "is in the foreground of its terminal",
        Terminal::Background => "is in the background of its terminal",
    };
    let sentence = format!(
        "It is in the process group {id}{} and the session {session}{}, and {terminal}.",
        leads(matches!(leader, Leader::Itself)),
        leads(*session == facts.pid)
    );
    let mut found = vec![finding(Note, "group", sentence)];
    if let Leader::Gone = leader {
        let sentence =
            format!("The leader of its group {id} is gone, as when a shell or a wrapper has ended before it.");
        found.push(finding(Note, "group-leader-gone", sentence));
    }
    found
}

fn namespaces(facts: &Facts) -> Vec<Finding> {
    let spaces = &facts.namespaces;
    let mut found = Vec::new();
    if facts.is_init() && facts.pid != 1 {
        found.push(finding(
            Note,
            "init-of-namespace",
            "It is process 1 of a pid namespace: with it, all that are in there end; a signal without a handler does nothing, but for SIGKILL from outside.",
        ));
    }
    if spaces.pid_is_parents.is(|same| !same) {
        let ids: Vec<_> = spaces.pids.iter().map(i32::to_string).collect();
        let sentence = format!(
            "Its parent is in another pid namespace, so that getppid() is 0 to it (its ids: {}).",
            ids.join(", ")
        );
        found.push(
            finding(Note, "other-pid-namespace", sentence)
                .remedy("`die_with_parent` works all the same; `watch` cannot see this parent. Or `Tether`"),
        );
    }
    if spaces.user_is_parents.is(|same| !same) {
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

fn adoption(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if facts.adoption.subreaper.is(|is| *is) {
        found.push(finding(Note, "subreaper", "It is a subreaper: orphans among its descendants come to it."));
    }
    // Past the 15 characters that the kernel keeps.
    let adopts = |name: &str| ADOPTERS.iter().any(|adopter| name == &adopter[..adopter.len().min(15)]);
    if facts.parent.pid > 1 {
        let ancestors = &facts.adoption.ancestors;
        let likely = ancestors.iter().find(|ancestor| adopts(&ancestor.name)).or(ancestors.last());
        let who = likely.map_or("process 1 of its pid namespace".into(), |who| format!("{} {}", who.name, who.pid));
        let sentence = format!("Were it an orphan, it would go to the nearest subreaper above it: probably {who}. Which processes are subreapers is not shown by the kernel.");
        found.push(finding(Note, "adopter", sentence));
    }
    found
}

fn children(facts: &Facts) -> Vec<Finding> {
    let Children { alive, tethered, .. } = facts.children;
    if alive == 0 {
        return Vec::new();
    }
    let many = |number: usize| if number == 1 { "1 child".into() } else { format!("{number} children") };
    if tethered == alive {
        return vec![finding(Good, "children-tethered", format!("It has {}, tethered to it.", many(alive)))];
    }
    let untied = alive - tethered;
    let sentence = format!(
        "It has {}, of which {untied} in no tether of its own: whether these end with it, each must be asked.",
        many(alive)
    );
    vec![finding(Note, "children", sentence)
        .remedy("`Tether` for what it spawns; or `process_group` or `descendants` with its watch")]
}

fn credentials(facts: &Facts) -> Vec<Finding> {
    let its = &facts.credentials;
    let mut found = Vec::new();
    if let Known::Known(Some(what)) = &its.program {
        let sentence =
            format!("Its program file has {what}: executing it clears a parent-death signal that was armed before.");
        found.push(
            finding(Note, "privileged-program", sentence)
                .remedy("arm in its own `main`, or `Tether` where `kill` is permitted"),
        );
    }
    if its.real_user != its.effective_user || its.real_group != its.effective_group {
        let sentence = format!(
            "Its real and effective ids differ (users {}, {}; groups {}, {}). A change of the effective one clears the parent-death signal.",
            its.real_user, its.effective_user, its.real_group, its.effective_group
        );
        found.push(
            finding(Note, "credentials-differ", sentence)
                .remedy("arm after the change, or `watch`, which keeps; read back by `parent_death_signal()`"),
        );
    }
    found
}
