//! What the facts mean, and what to do.

use pdeathsig::Signal;
use serde::Serialize;

use crate::diagnosis::{effect, Effect};
use crate::facts::{Facts, Known};

#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The same in every version.
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Good,
    Bad,
    Note,
    Unknown,
}

fn name(signal: i32) -> String {
    Signal::from_raw(signal).map_or_else(|_| format!("the signal {signal}"), |signal| signal.to_string())
}

type Findings = Vec<Finding>;

pub(crate) fn of(facts: &Facts) -> Findings {
    let mut findings = Vec::new();
    whose_child_it_is(facts, &mut findings);
    the_kernels_signal(facts, &mut findings);
    process_scoped(facts, &mut findings);
    circumstances(facts, &mut findings);
    findings
}

/// Those that adopt orphans.
const INITS: [&str; 6] = ["systemd", "init", "tini", "dumb-init", "docker-init", "catatonit"];

fn add(findings: &mut Findings, id: &'static str, level: Level, text: impl Into<String>) {
    findings.push(Finding { id, level, text: text.into(), remedy: None });
}

fn cure(findings: &mut Findings, id: &'static str, level: Level, text: impl Into<String>, remedy: &'static str) {
    findings.push(Finding { id, level, text: text.into(), remedy: Some(remedy) });
}

fn whose_child_it_is(facts: &Facts, findings: &mut Findings) {
    match &facts.parent {
        None => cure(
            findings,
            "parent-outside",
            Level::Note,
            "Its parent is outside the pid namespace. Its death can be signalled, but not be waited for.",
            "the plain attribute or call; `watch` is an error here",
        ),
        Some(parent) if facts.orphan => cure(
            findings,
            "orphan",
            Level::Bad,
            format!(
                "It is an orphan, adopted by {} {}: it is in a session that neither of them has made.",
                parent.name, parent.pid
            ),
            "whatever was to end it with its real parent was not there, or had no effect: see below",
        ),
        Some(parent) if parent.pid == 1 || INITS.contains(&parent.name.as_str()) => add(
            findings,
            "parent-is-an-init",
            Level::Note,
            format!("Its parent is {} {}: it was started by that, or is an orphan.", parent.name, parent.pid),
        ),
        Some(_) => {}
    }
    let threatened = !matches!(facts.armed_signal(), Known::Is(None));
    match (&facts.spawner_thread, &facts.parent) {
        (Known::Is(thread), Some(parent)) if *thread == parent.pid => {
            add(
                findings,
                "spawned-by-main-thread",
                Level::Good,
                "It counts as spawned by the main thread of its parent.",
            );
        }
        (Known::Is(thread), _) if threatened => cure(
            findings,
            "spawned-by-thread",
            Level::Bad,
            format!(
                "It counts as spawned by the thread {thread} of its parent: when that ends, the kernel's signal \
             comes, though the parent lives."
            ),
            "in the child `watch`, in the parent a `Tether`",
        ),
        (Known::Is(thread), _) => add(
            findings,
            "spawned-by-thread",
            Level::Note,
            format!("It counts as spawned by the thread {thread} of its parent. Nothing here depends on that."),
        ),
        (Known::Unknown(reason), _) => {
            add(
                findings,
                "spawner-unknown",
                Level::Unknown,
                format!("Which thread of its parent spawned it is not known: {reason}."),
            );
        }
    }
}

fn the_kernels_signal(facts: &Facts, findings: &mut Findings) {
    let threads = match &facts.armed {
        Known::Unknown(reason) => {
            return cure(
                findings,
                "armed-unknown",
                Level::Unknown,
                format!("Whether a parent-death signal is armed is not known: {reason}."),
                "the program itself can tell: `pdeathsig::parent_death_signal()`",
            );
        }
        Known::Is(threads) => threads,
    };
    for armed in threads.iter().filter(|armed| !armed.main) {
        cure(
            findings,
            "armed-on-worker",
            Level::Bad,
            format!(
                "Its thread {} has armed {}, which is forgotten when that thread ends.",
                armed.thread,
                name(armed.signal)
            ),
            "arm on the main thread: `#[die_with_parent]`, or first thing in `main`",
        );
    }
    let Some(armed) = threads.iter().find(|armed| armed.main) else {
        let elsewhere = facts.watch || facts.tether.is_some();
        if elsewhere {
            return add(
                findings,
                "not-armed",
                Level::Note,
                "The kernel's parent-death signal is not armed, and need not be.",
            );
        }
        return cure(
            findings,
            "not-armed",
            Level::Bad,
            "No parent-death signal is armed: it never was, or was cleared by a fork, a change of user, or a \
             set-uid program.",
            "`#[die_with_parent]` in the child, after any change of user; a `Tether` in the parent",
        );
    };
    let signal = name(armed.signal);
    add(findings, "armed", Level::Good, format!("The kernel sends it {signal} when the thread that spawned it ends."));
    let lost = "SIGKILL; or a `watch` with a `grace`, after which SIGKILL comes";
    match effect(facts, armed.signal) {
        Effect::Ends => {}
        Effect::Caught => {
            cure(
                findings,
                "signal-caught",
                Level::Note,
                format!("It handles {signal}, and goes on as its handler decides."),
                lost,
            );
        }
        Effect::Ignored => {
            cure(
                findings,
                "signal-ignored",
                Level::Bad,
                format!("It ignores {signal}, as programs do under nohup, or of a parent that does."),
                lost,
            );
        }
        Effect::Blocked => {
            cure(
                findings,
                "signal-blocked",
                Level::Bad,
                format!("Its main thread blocks {signal}: it waits until another thread takes it, or none does."),
                lost,
            );
        }
        Effect::NoHandler => cure(
            findings,
            "signal-without-handler",
            Level::Bad,
            format!("It is the first process of a pid namespace, and has no handler for {signal}: that does nothing."),
            lost,
        ),
        Effect::None => cure(findings, "signal-without-effect", Level::Bad, format!("{signal} ends nobody."), lost),
    }
}

fn process_scoped(facts: &Facts, findings: &mut Findings) {
    if facts.watch {
        add(findings, "watch", Level::Good, "It watches its parent process: no thread of that matters.");
    }
    let Some(tether) = &facts.tether else { return };
    let owner = format!("{} {}", tether.owner.name, tether.owner.pid);
    if tether.owner_is_parent {
        return add(
            findings,
            "tethered",
            Level::Good,
            format!(
                "Its process group {} is tethered to its parent, {owner}: it gets a signal when that ends.",
                facts.group.id
            ),
        );
    }
    let ancestor = facts.ancestors.iter().any(|ancestor| ancestor.pid == tether.owner.pid);
    let which = if ancestor { "an ancestor" } else { "not an ancestor" };
    add(
        findings,
        "tethered-to-another",
        Level::Note,
        format!(
            "Its process group {} is tethered to {owner}, which is {which}: it gets a signal when that ends.",
            facts.group.id
        ),
    );
}

fn circumstances(facts: &Facts, findings: &mut Findings) {
    match facts.state {
        'Z' | 'X' => add(findings, "ended", Level::Note, "It has ended, and waits for its parent to ask how."),
        'T' | 't' => add(
            findings,
            "stopped",
            Level::Note,
            "It is stopped: SIGKILL ends it, a watch when it goes on, and so does any other signal.",
        ),
        'D' => {
            add(findings, "uninterruptible", Level::Note, "It sleeps where no signal wakes it: it dies when it wakes.")
        }
        _ => {}
    }
    if let Some(tracer) = facts.tracer {
        add(
            findings,
            "traced",
            Level::Note,
            format!("The process {tracer} traces it, and delivers its signals, but for SIGKILL."),
        );
    }
    if facts.group.in_background {
        add(
            findings,
            "background",
            Level::Note,
            "Its process group is in the background of its terminal: no Ctrl-C, and no reading from it.",
        );
    }
    if !facts.children.is_empty() && facts.tether.is_none() {
        let number = facts.children.len();
        let children = if number == 1 { "a child".into() } else { format!("{number} children") };
        cure(
            findings,
            "has-children",
            Level::Note,
            format!("It has {children} of its own. Nothing that can be seen from here ends them when it dies."),
            "`watch` with `descendants` or `process_group`; or a `Tether` for what it starts",
        );
    }
    if facts.set_uid_program {
        cure(
            findings,
            "set-uid",
            Level::Note,
            "Its program is set-uid or set-gid: what was armed before it was executed is cleared.",
            "arm within the program; `watch`",
        );
    }
    if facts.changed_user {
        cure(
            findings,
            "changed-user",
            Level::Note,
            "Its effective user or group is not its real one: a change of these clears what was armed before.",
            "arm after the change; `watch`",
        );
    }
    for (same, id, what) in [
        (facts.pid_namespace_of_parent, "pid-namespace", "pid"),
        (facts.user_namespace_of_parent, "user-namespace", "user"),
    ] {
        if same == Some(false) {
            add(findings, id, Level::Note, format!("It is in another {what} namespace than its parent."));
        }
    }
    if facts.first_of_pid_namespace {
        add(
            findings,
            "first-of-pid-namespace",
            Level::Note,
            "It is the first process of a pid namespace: all others there end with it.",
        );
    }
    match facts.subreaper {
        Some(true) => {
            add(findings, "subreaper", Level::Note, "It is a subreaper: orphans among its descendants come to it.")
        }
        Some(false) => {}
        None => add(
            findings,
            "adopter-unknown",
            Level::Unknown,
            format!(
                "Who would adopt it is not known: the nearest subreaper of {}. The kernel tells each of them alone.",
                line_of(facts)
            ),
        ),
    }
}

fn line_of(facts: &Facts) -> String {
    let names: Vec<String> =
        facts.ancestors.iter().skip(1).map(|ancestor| format!("{} {}", ancestor.name, ancestor.pid)).collect();
    if names.is_empty() {
        "those above its parent".into()
    } else {
        names.join(", ")
    }
}
