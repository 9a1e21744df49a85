//! What a test and an actor send to each other: a line of JSON each way.

use std::path::PathBuf;
use std::time::Duration;

use pdeathsig::{DieWithParent, Signal};
use serde::{Deserialize, Serialize};

use crate::owner::Own;
use crate::sandbox::Refusal;
use crate::surroundings::Surround;
use crate::workloads::Workload;

/// The first line of an actor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// Its id in its own pid namespace.
    pub(crate) pid: i32,
}

/// What an actor is asked to do. It answers each with one line, except those that end it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Ping,
    /// Answers with the error, if any, and how many allocations arming made.
    Arm {
        signal: i32,
        options: Options,
    },
    ArmOnThread {
        signal: i32,
    },
    ArmWithOnThread {
        signal: i32,
        options: Options,
    },
    /// Arms by the bare system call on a thread, which ends. Answers with what that thread read before, and what the
    /// main thread reads after.
    SetBareOnThread {
        signal: i32,
    },
    SetBare {
        signal: i32,
    },
    /// The same, then a check of one's own, and the signal to itself if that finds an orphan. Answers,
    /// if it lives, whether it does.
    SetBareAndCheck {
        signal: i32,
        orphaned: Orphaned,
    },
    Outlive,
    OutliveOnThread,
    Read,
    /// `Parent::current()`. Answers with its id.
    Pin,
    PinnedIsAlive,
    /// Answers whether the parent is gone; without a timeout, when it is.
    WaitForPinned {
        timeout: Option<Duration>,
    },
    SpawnerThread,
    /// In a fork, which exits with 1 if the answer is none.
    SpawnerThreadInFork,
    Parent,
    /// Another actor. Answers with its id, as the ones below do.
    Spawn,
    /// An actor by fork alone.
    Fork,
    /// The same while two threads arm a watch again and again, with this signal.
    ForkWhileThreadsArm {
        signal: i32,
    },
    /// The same as `Spawn` from a thread that stays until it is ended.
    SpawnOnThread,
    EndSpawner,
    /// Another program. Answers with its id and its first line.
    Start {
        program: PathBuf,
        arguments: Vec<String>,
    },
    /// Forks, and answers with what the fork reads as its parent-death signal.
    ReadInFork,
    /// Becomes a new actor by exec, of another program file if one is named.
    Exec {
        program: Option<PathBuf>,
    },
    /// The same from another thread than the main one.
    ExecOnThread,
    /// Counts the signal from now on instead of dying of it.
    Catch {
        signal: i32,
    },
    Caught,
    Ignore {
        signal: i32,
    },
    Block {
        signal: i32,
    },
    Unblock {
        signal: i32,
    },
    Raise {
        signal: i32,
    },
    SetUser {
        uid: u32,
    },
    DropPrivileges {
        uid: u32,
    },
    SetGroups {
        number: u32,
    },
    EffectiveUser,
    NewSession,
    JoinProcessGroup {
        group: i32,
    },
    CloseOthers,
    FillDescriptors,
    FreeDescriptors,
    OpenPipes,
    /// Watches so many new files in a folder by inotify.
    WatchFolder {
        folder: PathBuf,
        watches: usize,
    },
    /// Exits at the end of its standard input, from now on.
    EndWithInput,
    LimitProcesses {
        uid: u32,
    },
    JamTheAllocator,
    PanicForEver,
    EndMainThread,
    /// In a mount namespace of its own: no `/proc`, or one with options. Answers with the error, if any.
    ChangeProc {
        options: Option<String>,
    },
    Subreaper,
    /// Children spawned from now on are in a new pid namespace. Answers with the error, if any.
    NewPidNamespace,
    Refuse(Refusal),
    RefuseEverywhere(Refusal),
    IsSubreaper,
    /// Threads that each start a process, and another when that has ended.
    Supervise,
    /// Waits for a child and answers with its end.
    Wait {
        pid: i32,
    },
    /// Answers with the number of threads and of open descriptors.
    Count,
    Own(Own),
    Surround(Surround),
    Workload(Workload),
    Die(Cause),
}

/// What `DieWithParent` gets beside the signal.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Options {
    /// `expected_parent(…)`
    pub expected_parent: Option<u32>,
    /// `watch()`
    pub watch: bool,
    /// `grace(…)`
    pub grace: Option<Duration>,
    /// `process_group()`
    pub process_group: bool,
    /// `descendants()`
    pub descendants: bool,
    /// `watch_pid(…)`, for each
    pub pids: [Option<u32>; 9],
}

impl Options {
    /// `watch()` alone.
    pub const WATCH: Options = Options {
        expected_parent: None,
        watch: true,
        grace: None,
        process_group: false,
        descendants: false,
        pids: [None; 9],
    };
    /// `process_group()` alone.
    pub const PROCESS_GROUP: Options = Options { watch: false, process_group: true, ..Options::WATCH };
    /// `descendants()` alone.
    pub const DESCENDANTS: Options = Options { watch: false, descendants: true, ..Options::WATCH };

    /// With a grace that no test lives to see the end of.
    pub const fn with_a_long_grace(self) -> Options {
        Options { grace: Some(Duration::from_secs(3600)), ..self }
    }

    /// With a grace that is over soon.
    pub const fn with_a_short_grace(self) -> Options {
        Options { grace: Some(Duration::from_millis(100)), ..self }
    }

    /// `watch_pid(…)` alone, for each of these.
    pub fn watch_pids(pids: &[u32]) -> Options {
        let mut options = Options { watch: false, ..Options::WATCH };
        for (place, pid) in options.pids.iter_mut().zip(pids) {
            *place = Some(*pid);
        }
        options
    }

    pub(crate) fn build(self, signal: Signal) -> DieWithParent {
        let mut built = DieWithParent::new(signal);
        if let Some(parent) = self.expected_parent {
            built = built.expected_parent(parent);
        }
        if self.watch {
            built = built.watch();
        }
        if let Some(grace) = self.grace {
            built = built.grace(grace);
        }
        if self.process_group {
            built = built.process_group();
        }
        if self.descendants {
            built = built.descendants();
        }
        for pid in self.pids.into_iter().flatten() {
            built = built.watch_pid(pid);
        }
        built
    }
}

/// How programs ask whether they are orphans.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Orphaned {
    /// `getppid() == …`
    IfParentIs(i32),
    /// `getppid() != …`
    IfParentIsNot(i32),
}

impl Orphaned {
    pub(crate) fn says(self, parent: i32) -> bool {
        match self {
            Orphaned::IfParentIs(adopter) => parent == adopter,
            Orphaned::IfParentIsNot(original) => parent != original,
        }
    }
}

/// How a child of an actor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
}

/// A cause of death from within.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Cause {
    /// A write to the address 0.
    Segfault,
    /// `std::process::abort`
    Abort,
    /// A panic on the main thread.
    Panic,
    /// `std::process::exit`
    Exit,
    /// The return from `main`.
    Return,
}
