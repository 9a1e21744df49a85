//! Its parent, and the parent's thread.

use super::Level::{Bad, Good, Note, Unknown};
use super::{finding, how_to_tie, process, this, Finding};
use crate::linux::facts::*;

pub(super) fn parent(facts: &Facts) -> Vec<Finding> {
    let parent = &facts.parent;
    let mut found = Vec::new();
    if facts.entered_namespace() {
        found.push(entered_namespace(facts));
    } else if parent.pid == 0 {
        let sentence =
            "Its parent is outside this pid namespace, so getppid() is 0 before and after the parent's death.";
        found.push(finding(Note, "parent-outside", sentence).remedy(WORKS_IN_INIT));
    } else if facts.parent_is_outside() {
        let ids: Vec<_> = facts.namespaces.pids.iter().map(i32::to_string).collect();
        let sentence =
            format!("Its parent is in another pid namespace, so getppid() is 0 (its own pids: {}).", ids.join(", "));
        found.push(finding(Note, "other-pid-namespace", sentence).remedy(WORKS_IN_INIT));
    }
    if parent.pid == 1 && !facts.parent_is_outside() {
        let sentence =
            "Its parent is process 1, which either spawned it (a service, a container), or adopted it (an orphan).";
        let remedy = "tell the child the pid of its parent, and use `expected_parent`: `getppid() == 1` proves nothing";
        found.push(finding(Note, "parent-is-init", sentence).remedy(remedy));
    }
    found.extend(orphan(facts));
    if !facts.parent_may_signal() {
        let sentence = format!(
            "Its parent, {}, has no permission to signal it. The kernel checks this permission when it sends the parent-death signal.",
            this(parent)
        );
        let finding = finding(Bad, "parent-may-not-signal", sentence);
        found.push(if facts.entered_namespace() {
            finding
        } else {
            finding.remedy("`watch`, with which the process signals itself")
        });
    }
    found
}

/// For the first process of a pid namespace.
const WORKS_IN_INIT: &str =
    "`die_with_parent(Signal::KILL)` works here, `watch` does not; or start it with `Launcher` or the command `pdeathsig`";

fn entered_namespace(facts: &Facts) -> Finding {
    let ids: Vec<_> = facts.namespaces.pids.iter().map(i32::to_string).collect();
    let situation = format!(
        "It was started inside an existing pid namespace, as by `docker exec`, `kubectl exec` or `nsenter` (its pids: {}). Its parent is \
         outside, as a rule a helper of the container runtime, which exits right after the start.",
        ids.join(", ")
    );
    if facts.armed().next().is_some() {
        finding(Bad, "entered-namespace", format!("{situation} It armed a parent-death signal, which arrives when that helper exits."))
            .remedy("do not arm it: `die_with_parent` refuses to (`Error::ParentNotVisible`); start it from a process inside the container")
    } else {
        finding(Note, "entered-namespace", format!("{situation} So it must not arm, and `die_with_parent` returns `Error::ParentNotVisible`."))
            .remedy("if it must end with another process, start it from that process, inside the container, with `Launcher` or `Tether`")
    }
}

fn orphan(facts: &Facts) -> Option<Finding> {
    let parent = &facts.parent;
    if let Some(launcher) = facts.launchers.first().filter(|launcher| launcher.inner == parent.pid) {
        let is_adopted = launcher.role == Role::Descendant;
        let sentence = format!(
            "The process that spawned it has exited. The launcher's process {} has adopted it.",
            launcher.inner
        );
        return is_adopted.then(|| finding(Note, "adopted-by-launcher", sentence));
    }
    let proof = parent.adopted.known()?;
    let sentence = format!("It is an orphan: its parent has exited, and {} has adopted it ({proof}).", this(parent));
    Some(finding(Bad, "orphan", sentence).remedy(how_to_tie(facts)))
}

/// Shells, and programs that start one command and wait for it. (`env` and `nice` execute the command, so they are gone.)
const WRAPPERS: [&str; 21] = [
    "ash",
    "bash",
    "busybox",
    "dash",
    "doas",
    "docker-init",
    "dumb-init",
    "fish",
    "ksh",
    "npx",
    "pipx",
    "runuser",
    "sh",
    "su",
    "sudo",
    "timeout",
    "tini",
    "uv",
    "uvx",
    "xvfb-run",
    "zsh",
];

/// `npx` and `npm run` name their process "npm exec …" and "npm run …".
fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&name) || name.starts_with("npm ")
}

/// What this process is tied to may outlive the program that started it.
pub(super) fn wrapper(facts: &Facts) -> Vec<Finding> {
    behind_wrapper(facts).into_iter().collect()
}

fn behind_wrapper(facts: &Facts) -> Option<Finding> {
    let armed = facts.watcher().is_some() || facts.armed().next().is_some();
    let launcher = facts.launchers.first();
    let (part, pid) = match launcher {
        Some(launcher) if launcher.options.is(|options| !options.watched.is_empty()) => return None,
        Some(launcher) => ("The owner of its launcher", launcher.owner),
        None if armed => ("Its parent", facts.parent.pid),
        None => return None,
    };
    if facts.group.session == pid && facts.group.terminal != Terminal::None {
        // A user types commands into this shell.
        return None;
    }
    let parent = Ancestor { pid: facts.parent.pid, name: facts.parent.name.clone()? };
    let mut line = std::iter::once(&parent).chain(&facts.adoption.ancestors).skip_while(|ancestor| ancestor.pid != pid);
    let wrapper = line.next().filter(|wrapper| is_wrapper(&wrapper.name))?;
    let starter = line.next().filter(|starter| starter.pid != 1)?;
    let wrapper = process(Some(&wrapper.name), wrapper.pid);
    let starter = process(Some(&starter.name), starter.pid);
    let sentence = format!(
        "{part}, {wrapper}, is a shell or another wrapper. Its own parent is {starter}. If {starter} dies and {wrapper} lives on, this process \
         is not signalled, unless `watch_pid` names {starter}."
    );
    let remedy = "put `pdeathsig` in front of the whole command line, wrapper included; or pass the pid to watch: `watch_pid`, `--watch-pid`";
    Some(finding(Note, "parent-is-wrapper", sentence).remedy(remedy))
}

pub(super) fn spawner(facts: &Facts) -> Vec<Finding> {
    let parent = &facts.parent;
    let is_tied = facts.own_launcher().is_some() || facts.entered_namespace();
    vec![match &parent.spawner {
        Known::Known(spawner) if spawner.thread == parent.pid => finding(
            Good,
            "spawned-by-main-thread",
            "It belongs to the main thread of its parent, which exits with the process. (If another thread spawned it, that thread has exited.)",
        ),
        Known::Known(spawner) => {
            let what = format!("It belongs to thread {} ({}) of its parent, not to the main thread.", spawner.thread, spawner.name);
            if facts.armed().next().is_some() && facts.own_launcher().is_none() {
                let sentence = format!("{what} The parent-death signal arrives when that thread exits, though the parent lives.");
                finding(Bad, "spawned-by-thread", sentence)
                    .remedy("`DieWithParent::watch` in the child, a `Launcher` or `Tether` in the parent, or spawn on the main thread")
            } else {
                let finding = finding(Note, "spawned-by-thread", format!("{what} When that thread exits, another one takes over."));
                match is_tied {
                    true => finding,
                    false => finding.remedy("`watch`, `Launcher` or `Tether`: a plain parent-death signal would arrive when that thread exits"),
                }
            }
        }
        Known::Unknown { unknown } => {
            let finding = finding(Unknown, "spawner-unknown", format!("The thread of its parent that it belongs to is not known: {unknown}."));
            match is_tied {
                true => finding,
                false => finding.remedy("`watch`, `Launcher` or `Tether`, which do not depend on the thread"),
            }
        }
    }]
}
