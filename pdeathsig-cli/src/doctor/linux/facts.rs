//! The facts about a process. What they mean is told elsewhere.

use serde::Serialize;

use super::signals::has;

/// A fact, or why it is not known.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Known<T> {
    Known(T),
    Unknown { unknown: String },
}

impl<T> Known<T> {
    pub(crate) fn unknown(reason: impl Into<String>) -> Known<T> {
        Known::Unknown { unknown: reason.into() }
    }

    pub(crate) fn known(&self) -> Option<&T> {
        match self {
            Known::Known(value) => Some(value),
            Known::Unknown { .. } => None,
        }
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Known(value) => Known::Known(change(value)),
            Known::Unknown { unknown } => Known::Unknown { unknown },
        }
    }

    /// Whether it is known, and `condition` holds.
    pub(crate) fn is(&self, condition: impl Fn(&T) -> bool) -> bool {
        self.known().is_some_and(condition)
    }
}

impl<T, E: ToString> From<Result<T, E>> for Known<T> {
    fn from(result: Result<T, E>) -> Known<T> {
        result.map_or_else(|error| Known::unknown(error.to_string()), Known::Known)
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts {
    /// Whether the doctor examines itself.
    pub(crate) myself: bool,
    pub(crate) pid: i32,
    pub(crate) name: String,
    pub(crate) state: State,
    /// The signal that stopped it, while it is stopped.
    pub(crate) stop_signal: Option<Known<i32>>,
    /// The pid of its tracer; 0 without one.
    pub(crate) traced_by: i32,
    pub(crate) threads: Vec<Thread>,
    pub(crate) parent: Parent,
    pub(crate) signals: Signals,
    pub(crate) group: Group,
    pub(crate) namespaces: Namespaces,
    pub(crate) adoption: Adoption,
    pub(crate) children: Children,
    pub(crate) credentials: Credentials,
    /// The launchers that it belongs to, the nearest first.
    pub(crate) launchers: Vec<Launcher>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Alive,
    /// In uninterruptible sleep.
    Uninterruptible,
    Stopped,
    Frozen,
    Zombie,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Thread {
    pub(crate) id: i32,
    pub(crate) name: String,
    /// The number of the signal that it armed, or none.
    pub(crate) armed: Known<Option<i32>>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Parent {
    /// 0 if it is outside the pid namespace that `/proc` shows.
    pub(crate) pid: i32,
    pub(crate) name: Option<String>,
    pub(crate) users: Option<Sender>,
    /// The thread that the kernel takes for the one that spawned the process.
    pub(crate) spawner: Known<Spawner>,
    /// What proves that the parent adopted the process, or why this is not known.
    pub(crate) adopted: Known<String>,
}

/// The user ids of a process that sends a signal.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Sender {
    pub(crate) effective_user: u32,
    pub(crate) real_user: u32,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spawner {
    pub(crate) thread: i32,
    pub(crate) name: String,
}

/// Masks. The lowest bit is signal 1.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Signals {
    pub(crate) ignored: u64,
    pub(crate) caught: u64,
    /// In every thread.
    pub(crate) blocked: u64,
    /// In the main thread.
    pub(crate) blocked_in_main: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) id: i32,
    pub(crate) session: i32,
    pub(crate) terminal: Terminal,
    pub(crate) leader: Leader,
    /// Whether the parent owns a tether.
    pub(crate) parent_has_tether: bool,
    /// Why the kernel sends SIGHUP when the parent dies, if it does.
    pub(crate) hang_up: Option<HangUp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HangUp {
    /// The group has a stopped member, and the parent's death makes it an orphaned process group.
    Orphaned,
    /// The parent leads the session, and the group is in the foreground of its terminal.
    Terminal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Terminal {
    None,
    Foreground,
    Background,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Leader {
    Itself,
    Alive {
        name: String,
    },
    Gone,
    /// An ordinary zombie.
    Dead {
        parent: i32,
    },
    /// The anchor of a tether: a zombie without an exit signal.
    Anchor {
        owner: i32,
        owner_name: Option<String>,
        relation: Relation,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Relation {
    Itself,
    Parent,
    Ancestor,
    Other,
}

/// A launcher: `owner`, its child `outer`, its child `inner`, and below that the tree.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Launcher {
    /// The part that the examined process has in it.
    pub(crate) role: Role,
    /// 0 if it is outside the pid namespace that `/proc` shows.
    pub(crate) owner: i32,
    pub(crate) owner_name: Option<String>,
    /// The launcher cannot see an owner in another pid namespace, and does not watch it.
    pub(crate) watches_owner: bool,
    pub(crate) outer: i32,
    pub(crate) inner: i32,
    /// None once it exited.
    pub(crate) program: Option<i32>,
    /// Whether the launcher has the permission to signal the examined process.
    pub(crate) may_signal: bool,
    pub(crate) options: Known<LauncherOptions>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    Outer,
    Inner,
    /// The command that the launcher started.
    Program,
    /// Something else in the tree.
    Descendant,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LauncherOptions {
    /// What the tree gets when the owner dies. SIGKILL if none was chosen.
    pub(crate) signal: Option<String>,
    /// As it was written.
    pub(crate) grace: Option<String>,
    pub(crate) watched: Vec<i32>,
    pub(crate) keep_background: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Namespaces {
    /// Its pid in each pid namespace that it is in, from the outermost that `/proc` shows.
    pub(crate) pids: Vec<i32>,
    /// Whether it is in its parent's pid namespace.
    pub(crate) pid_is_parents: Known<bool>,
    pub(crate) user_is_parents: Known<bool>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Adoption {
    /// Whether it adopts orphans among its descendants.
    pub(crate) subreaper: Known<bool>,
    /// Its ancestors, from its parent's parent on.
    pub(crate) ancestors: Vec<Ancestor>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ancestor {
    pub(crate) pid: i32,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Children {
    pub(crate) alive: usize,
    pub(crate) dead: usize,
    /// Those in groups of tethers that this process owns.
    pub(crate) tethered: usize,
    /// Those that are the outer process of a launcher.
    pub(crate) launchers: usize,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Credentials {
    pub(crate) real_user: u32,
    pub(crate) effective_user: u32,
    pub(crate) saved_user: u32,
    pub(crate) real_group: u32,
    pub(crate) effective_group: u32,
    /// How its program file changes them, in words.
    pub(crate) program: Known<Option<String>>,
}

impl Credentials {
    /// Whether a process with the ids of `sender` has the permission to signal this one (kill(2)).
    pub(crate) fn may_be_signalled_by(&self, sender: Sender) -> bool {
        let matches = |user: u32| [self.real_user, self.saved_user].contains(&user);
        sender.effective_user == 0 || matches(sender.effective_user) || matches(sender.real_user)
    }
}

impl Launcher {
    /// Whether the examined process is one of the launcher's own two.
    pub(crate) fn is_half(&self) -> bool {
        matches!(self.role, Role::Outer | Role::Inner)
    }

    pub(crate) fn keeps_background(&self) -> bool {
        self.options.is(|options| options.keep_background)
    }
}

impl Facts {
    pub(crate) fn watcher(&self) -> Option<&Thread> {
        self.threads.iter().find(|thread| thread.name == "pdeathsig-watch")
    }

    /// The threads that armed a signal, and the signals.
    pub(crate) fn armed(&self) -> impl Iterator<Item = (&Thread, i32)> {
        self.threads.iter().filter_map(|thread| Some((thread, (*thread.armed.known()?)?)))
    }

    /// Why it is not known whether a thread armed a signal.
    pub(crate) fn armed_unknown(&self) -> Option<&str> {
        self.threads.iter().find_map(|thread| match &thread.armed {
            Known::Unknown { unknown } => Some(unknown.as_str()),
            Known::Known(_) => None,
        })
    }

    pub(crate) fn is_main(&self, thread: &Thread) -> bool {
        thread.id == self.pid
    }

    /// Whether it is the first process of a pid namespace.
    pub(crate) fn is_init(&self) -> bool {
        self.namespaces.pids.last() == Some(&1)
    }

    pub(crate) fn parent_is_outside(&self) -> bool {
        self.parent.pid == 0 || self.namespaces.pid_is_parents.is(|same| !same)
    }

    /// Whether it was started inside a pid namespace that existed before, as `docker exec` does.
    pub(crate) fn entered_namespace(&self) -> bool {
        self.parent_is_outside() && !self.is_init()
    }

    /// The kernel sends the parent-death signal with the parent's permissions.
    pub(crate) fn parent_may_signal(&self) -> bool {
        self.parent.users.map_or(true, |parent| self.credentials.may_be_signalled_by(parent))
    }

    pub(crate) fn owner_of_tether(&self) -> Option<(i32, Relation)> {
        match self.group.leader {
            Leader::Anchor { owner, relation, .. } => Some((owner, relation)),
            _ => None,
        }
    }

    /// The launcher that ends it with the tree, if it is not one of the launcher's own processes.
    pub(crate) fn launcher_that_kills(&self) -> Option<&Launcher> {
        self.launchers.iter().find(|launcher| !launcher.is_half() && launcher.may_signal)
    }

    /// The launcher that it is one half of.
    pub(crate) fn own_launcher(&self) -> Option<&Launcher> {
        self.launchers.first().filter(|launcher| launcher.is_half())
    }

    /// Whether the terminal stopped it, because it is in the background and used the terminal.
    pub(crate) fn is_stopped_by_terminal(&self) -> Known<bool> {
        use nix::libc::{SIGTTIN, SIGTTOU};
        match &self.stop_signal {
            None => Known::Known(false),
            Some(Known::Known(signal)) => Known::Known([SIGTTIN, SIGTTOU].contains(signal)),
            Some(_) if self.group.terminal != Terminal::Background => Known::Known(false),
            Some(Known::Unknown { unknown }) => Known::unknown(unknown),
        }
    }

    pub(crate) fn ignores(&self, signal: i32) -> bool {
        has(self.signals.ignored, signal)
    }
}
