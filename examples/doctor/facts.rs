//! What there is to know about a process. Nothing here judges.

use serde::Serialize;

/// Something that was found out, or why it was not.
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

    pub(crate) fn map<U>(self, as_what: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Known(value) => Known::Known(as_what(value)),
            Known::Unknown { unknown } => Known::Unknown { unknown },
        }
    }

    /// Whether it was found out, and is so.
    pub(crate) fn is(&self, so: impl Fn(&T) -> bool) -> bool {
        self.known().is_some_and(so)
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
    /// Who traces it; 0 is nobody.
    pub(crate) traced_by: i32,
    pub(crate) threads: Vec<Thread>,
    pub(crate) parent: Parent,
    pub(crate) signals: Signals,
    pub(crate) group: Group,
    pub(crate) namespaces: Namespaces,
    pub(crate) adoption: Adoption,
    pub(crate) children: Children,
    pub(crate) credentials: Credentials,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Alive,
    /// In a call that nothing interrupts.
    Uninterruptible,
    Stopped,
    Frozen,
    Zombie,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Thread {
    pub(crate) id: i32,
    pub(crate) name: String,
    /// The number of the signal that it has armed, or none.
    pub(crate) armed: Known<Option<i32>>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Parent {
    /// 0 is one that is outside of the pid namespace that `/proc` shows.
    pub(crate) pid: i32,
    pub(crate) name: Option<String>,
    /// Effective and real user.
    pub(crate) users: Option<(u32, u32)>,
    /// The thread that counts as the one that spawned the process.
    pub(crate) spawner: Known<Spawner>,
    /// What proves that it adopted the process, or why that cannot be told.
    pub(crate) adopted: Known<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spawner {
    pub(crate) thread: i32,
    pub(crate) name: String,
}

/// As bits, the first of which is the signal 1.
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
    /// Whether the parent owns a tether, of which this process may be no member.
    pub(crate) parent_has_tether: bool,
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
    /// A zombie that is an ordinary one.
    Dead {
        parent: i32,
    },
    /// A zombie without an exit signal.
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

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Namespaces {
    /// Its id in each pid namespace that it is in, from the outermost that `/proc` shows.
    pub(crate) pids: Vec<i32>,
    /// Whether it is the parent's.
    pub(crate) pid_is_parents: Known<bool>,
    pub(crate) user_is_parents: Known<bool>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Adoption {
    /// Whether orphans among its descendants come to it.
    pub(crate) subreaper: Known<bool>,
    /// Its ancestors from the parent's parent on.
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

impl Facts {
    pub(crate) fn watcher(&self) -> Option<&Thread> {
        self.threads.iter().find(|thread| thread.name == "pdeathsig-watch")
    }

    /// The threads that have armed, and what.
    pub(crate) fn armed(&self) -> impl Iterator<Item = (&Thread, i32)> {
        self.threads.iter().filter_map(|thread| Some((thread, (*thread.armed.known()?)?)))
    }

    /// Why it is not known of a thread whether it has armed.
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

    /// The kernel sends the parent-death signal in the parent's name.
    pub(crate) fn parent_may_signal(&self) -> bool {
        let may = |user: u32| user == 0 || [self.credentials.real_user, self.credentials.saved_user].contains(&user);
        !self.parent.users.is_some_and(|(effective, real)| !may(effective) && !may(real))
    }

    pub(crate) fn owner_of_tether(&self) -> Option<(i32, Relation)> {
        match self.group.leader {
            Leader::Anchor { owner, relation, .. } => Some((owner, relation)),
            _ => None,
        }
    }
}

pub(crate) fn has(bits: u64, signal: i32) -> bool {
    (1..=64).contains(&signal) && bits >> (signal - 1) & 1 == 1
}
