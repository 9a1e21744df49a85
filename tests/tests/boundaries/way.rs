//! The ways to be tied to a parent, and by which system calls a harness knows how far one has come.

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Boundary, Spawning};

use crate::documented::Column;
use crate::sweep::Held;

const ARMED_ACTOR: &str = env!("CARGO_BIN_EXE_armed_actor");
const SET: u64 = libc::PR_SET_PDEATHSIG as u64;

/// One of them.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) column: Column,
    pub(crate) threads: &'static [Held],
    /// What the parent does before it spawns.
    pub(crate) prepare: fn(&mut Actor<'_>, Signal),
    pub(crate) spawning: fn(&Actor<'_>, Signal) -> Spawning,
    /// Whether here the child knows its parent. After the system call, if it is before one.
    pub(crate) records: fn(Boundary) -> bool,
    /// The same of being armed.
    pub(crate) is_armed: fn(Boundary) -> bool,
}

fn nothing(_: &mut Actor<'_>, _: Signal) {}

/// An actor that arms itself in `main`.
fn arming(way: &str, parent: &Actor<'_>, signal: Signal) -> Spawning {
    let arguments = [way, signal.as_str(), &parent.pid().to_string()].map(str::to_owned);
    Spawning { program: Some((ARMED_ACTOR.into(), arguments.into())), ..Spawning::default() }
}

fn asks_for_parent(at: Boundary) -> bool {
    matches!(at, Boundary::Entry(libc::SYS_getppid, _))
}

fn arms(at: Boundary) -> bool {
    at == Boundary::Entry(libc::SYS_prctl, SET)
}

/// The first thing that an actor does.
fn plays(at: Boundary) -> bool {
    matches!(at, Boundary::Entry(libc::SYS_timer_create, _))
}

fn executes(at: Boundary) -> bool {
    matches!(at, Boundary::Entry(libc::SYS_execve, _))
}

fn joins(at: Boundary) -> bool {
    matches!(at, Boundary::Entry(libc::SYS_setpgid, _))
}

pub(crate) const CALL: Way = Way {
    name: "die_with_parent",
    column: Column::Call,
    threads: &[Held::Main],
    prepare: nothing,
    spawning: |parent, signal| arming("call", parent, signal),
    records: asks_for_parent,
    is_armed: plays,
};

pub(crate) const EXPECTED_PARENT: Way = Way {
    name: "expected_parent",
    column: Column::ExpectedParent,
    spawning: |parent, signal| arming("expected_parent", parent, signal),
    ..CALL
};

pub(crate) const WATCH: Way = Way {
    name: "watch",
    column: Column::Watch,
    threads: &[Held::Main, Held::Watcher],
    spawning: |parent, signal| arming("watch", parent, signal),
    ..CALL
};

pub(crate) const COMMAND: Way = Way {
    name: "Command::die_with_parent",
    column: Column::Command,
    spawning: |_, signal| Spawning::armed(signal),
    records: arms,
    is_armed: executes,
    ..CALL
};

pub(crate) const TETHER: Way = Way {
    name: "Tether",
    column: Column::Tether,
    prepare: |parent, signal| parent.tether(signal).unwrap(),
    spawning: |_, _| Spawning::tethered(),
    records: joins,
    is_armed: executes,
    ..CALL
};

/// `prctl` and nothing else, in `main`.
pub(crate) const BARE: Way =
    Way { name: "bare prctl", spawning: |parent, signal| arming("bare", parent, signal), records: arms, ..CALL };

/// The same in `pre_exec`.
pub(crate) const BARE_BEFORE_EXEC: Way = Way {
    name: "bare prctl before exec",
    spawning: |_, signal| Spawning { bare: true, ..Spawning::armed(signal) },
    ..COMMAND
};
