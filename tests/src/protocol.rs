//! What a test and an actor say to each other: a line of JSON each way.

use std::env::consts::ARCH;
use std::path::PathBuf;

use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp};
use seccompiler::{SeccompCondition, SeccompFilter, SeccompRule};
use serde::{Deserialize, Serialize};

/// The first line of an actor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// Its id in its own pid namespace.
    pub(crate) pid: i32,
}

/// What an actor is told to do. It answers each with one line, except those that end it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Ping,
    /// Answers with the error, if any, and how many allocations arming made.
    Arm {
        signal: i32,
        expected_parent: Option<u32>,
    },
    ArmOnThread {
        signal: i32,
    },
    /// Arms by the bare system call on a thread, which ends. Answers with what that thread read before, and what the main
    /// thread reads after.
    SetBareOnThread {
        signal: i32,
    },
    SetBare {
        signal: i32,
    },
    Outlive,
    OutliveOnThread,
    Read,
    Parent,
    /// Another actor. Answers with its id, as the ones below do.
    Spawn,
    /// The same from a thread that stays until it is ended.
    SpawnOnThread,
    EndSpawner,
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
    EffectiveUser,
    Subreaper,
    /// Children spawned from now on are in a new pid namespace. Answers with the error, if any.
    NewPidNamespace,
    Refuse(Refused),
    /// Waits for a child and answers with its end.
    Wait {
        pid: i32,
    },
    /// Answers with the number of threads and of open descriptors.
    Count,
    Die(Cause),
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

/// A system call that a sandbox refuses with `EPERM`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Refused {
    /// `prctl(PR_SET_PDEATHSIG)`
    SetParentDeathSignal,
    /// `prctl(PR_GET_PDEATHSIG)`
    GetParentDeathSignal,
    /// `kill`
    Kill,
    /// `gettid`
    ThreadId,
    /// `getpid`
    ProcessId,
    /// `gettid` and `getpid`
    BothIds,
    /// `getppid`
    ParentId,
}

impl Refused {
    /// The seccomp filter that does so.
    pub(crate) fn filter(self) -> BpfProgram {
        let option = |number: i32| {
            let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number as u64).unwrap();
            (libc::SYS_prctl, vec![SeccompRule::new(vec![is]).unwrap()])
        };
        let call = |number: i64| (number, Vec::new());
        let rules = match self {
            Refused::SetParentDeathSignal => vec![option(libc::PR_SET_PDEATHSIG)],
            Refused::GetParentDeathSignal => vec![option(libc::PR_GET_PDEATHSIG)],
            Refused::Kill => vec![call(libc::SYS_kill)],
            Refused::ThreadId => vec![call(libc::SYS_gettid)],
            Refused::ProcessId => vec![call(libc::SYS_getpid)],
            Refused::BothIds => vec![call(libc::SYS_gettid), call(libc::SYS_getpid)],
            Refused::ParentId => vec![call(libc::SYS_getppid)],
        };
        let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32));
        let filter = SeccompFilter::new(rules.into_iter().collect(), allow, refuse, ARCH.try_into().unwrap());
        filter.unwrap().try_into().unwrap()
    }
}
