//! Every system call and every `unsafe` of the crate, for Linux and Android.
//!
//! `PR_SET_PDEATHSIG` exists since Linux 2.1.57, `PR_GET_PDEATHSIG` since 2.3.15
//! ([PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)). Both go through
//! `syscall(2)`, since a libc may wrap `prctl` in code of its own.
#![allow(unsafe_code)]

mod anchor;
mod before_exec;
mod clone;
mod descriptors;
mod hang_up;
mod helper;
mod incarnation;
mod inherited;
mod mask;
mod memory;
mod origin;
mod per_process;
mod pidfd;
mod proc;
mod shared;
mod signalfd;
mod signals;
mod thread;
mod vfork;
mod wait;

use std::io;
use std::marker::PhantomData;
use std::mem;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_ulong, pid_t};

use crate::{Error, Signal};

pub(crate) use anchor::Anchor;
pub(crate) use before_exec::arm_before_exec;
pub(crate) use clone::{fork, newest_pid};
pub(crate) use descriptors::close_all_but;
pub(crate) use hang_up::{Form, HangUp, Pairs};
pub(crate) use helper::Helper;
pub(crate) use incarnation::Incarnation;
pub(crate) use inherited::{die_of, Inherited};
pub(crate) use mask::is_stop_pending;
pub(crate) use memory::PidSet;
pub(crate) use origin::{is_secure, is_single_threaded, runs_from_executable};
pub(crate) use per_process::PerProcess;
pub(crate) use pidfd::{exited_by, Pidfd, MAX_WATCHED};
pub(crate) use proc::{
    every_child, every_process, every_thread, has_halted, is_stopped_or_about_to_be, largest_pid, name_of,
    shows_this_pid_namespace, Status,
};
pub(crate) use shared::{is_set, store_and_wake, wait_until_set, Board, Early, Shared};
pub(crate) use signalfd::{can_poll, poll, Origin, Received, SignalFd};
pub(crate) use signals::{ends_of, ignore_signals, stops};
pub(crate) use thread::{leave_descriptor_table, Run, Thread};
pub(crate) use wait::{
    can_wait, has_no_child, is_child, is_stopped, peek, peek_end, reap, take, Change, End, Of, What,
};

pub(crate) mod number {
    pub(crate) use libc::*;

    /// The largest signal of the kernel; on MIPS it has 128, of which the C libraries use 127.
    pub(crate) const MAX: i32 =
        if cfg!(any(target_arch = "mips", target_arch = "mips32r6", target_arch = "mips64", target_arch = "mips64r6",))
        {
            127
        } else {
            64
        };
}

pub(crate) const PIDFD_OPEN: &str = "pidfd_open(2)";

// The `libc` crate lacks them for Android.
const PR_SET_CHILD_SUBREAPER: c_int = 36;
const PR_GET_CHILD_SUBREAPER: c_int = 37;

pub(crate) fn realtime_signals() -> (i32, i32) {
    (libc::SIGRTMIN(), libc::SIGRTMAX())
}

/// A proof that the calling thread is the main one. It cannot be carried to another.
pub(crate) struct MainThread {
    process: pid_t,
    not_send: PhantomData<*const ()>,
}

impl MainThread {
    pub(crate) fn current() -> Result<MainThread, Error> {
        // SAFETY: gettid has no arguments and no effect.
        let thread = cvt(unsafe { libc::syscall(libc::SYS_gettid) }).map_err(Error::os("gettid(2)"))? as pid_t;
        // A sandbox may refuse even this, and for kill(2) -1 means every process.
        let process = checked_own_id().map_err(Error::os("getpid(2)"))? as pid_t;
        if thread != process {
            return Err(Error::NotMainThread { thread: thread as u32, process: process as u32 });
        }
        Ok(MainThread { process, not_send: PhantomData })
    }

    pub(crate) fn process(&self) -> u32 {
        self.process as u32
    }

    pub(crate) fn set_parent_death_signal(&self, signal: Option<Signal>) -> Result<(), Error> {
        let number = signal.map_or(0, Signal::as_raw);
        // SAFETY: PR_SET_PDEATHSIG takes a signal number by value and touches no memory of ours.
        let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, number as c_ulong) };
        cvt(answer).map(drop).map_err(Error::os("prctl(PR_SET_PDEATHSIG)"))
    }

    pub(crate) fn kill(&self, signal: Signal) -> Result<(), Error> {
        kill(self.process(), signal).map_err(Error::os("kill(2) on this process"))
    }
}

/// Makes the calling process, whose id is `process`, the leader of a process group.
pub(crate) fn lead_process_group(process: u32) -> Result<(), Error> {
    // A session leader leads its group already, and setpgid(2) refuses it.
    // SAFETY: getpgrp has no arguments and no effect.
    if unsafe { libc::getpgrp() } as u32 == process {
        return Ok(());
    }
    // SAFETY: setpgid takes numbers by value.
    cvt(unsafe { libc::setpgid(0, 0) }).map(drop).map_err(Error::os("setpgid(2)"))
}

pub(crate) fn parent_id() -> Result<u32, Error> {
    checked_parent_id().map_err(Error::os("getppid(2)"))
}

/// Not through the C library, which takes it that this cannot fail, and does not say why it did.
fn checked_parent_id() -> io::Result<u32> {
    // SAFETY: getppid has no arguments and no effect.
    cvt(unsafe { libc::syscall(libc::SYS_getppid) }).map(|parent| parent as u32)
}

/// Likewise.
fn checked_own_id() -> io::Result<u32> {
    // SAFETY: getpid has no arguments and no effect.
    cvt(unsafe { libc::syscall(libc::SYS_getpid) }).map(|process| process as u32)
}

pub(crate) fn parent_death_signal() -> Result<Option<Signal>, Error> {
    const CALL: &str = "prctl(PR_GET_PDEATHSIG)";
    let mut number: c_int = 0;
    // SAFETY: PR_GET_PDEATHSIG writes one int to the address, which is that of a live and writable one.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_GET_PDEATHSIG, &mut number as *mut c_int) };
    cvt(answer).map_err(Error::os(CALL))?;
    if number == 0 {
        return Ok(None);
    }
    Signal::from_raw(number).map(Some).map_err(|_| {
        let foreign =
            format!("other code armed the signal {number}, which the C library reserves: `Signal` has no name for it");
        Error::Os { call: CALL, source: io::Error::new(io::ErrorKind::InvalidData, foreign) }
    })
}

/// Signals one process: for kill(2), a number from 1 up.
pub(crate) fn kill(process: u32, signal: Signal) -> io::Result<()> {
    let process = pid_t::try_from(process).ok().filter(|process| *process > 0);
    let process = process.ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: kill takes two numbers by value.
    cvt(unsafe { libc::kill(process, signal.as_raw()) }).map(drop)
}

/// Signals every member of a process group.
pub(crate) fn killpg(group: u32, signal: Signal) -> io::Result<()> {
    // For kill(2), -1 means every process.
    let group = pid_t::try_from(group).ok().filter(|group| *group > 1);
    let group = group.ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: kill takes two numbers by value.
    cvt(unsafe { libc::kill(-group, signal.as_raw()) }).map(drop)
}

/// Has what a command spawns join a group, before it executes the program.
pub(crate) fn join_group(command: &mut Command, group: u32) {
    command.process_group(group as pid_t);
}

/// The process group of a process or thread, which may be a zombie; none if there is no such number.
pub(crate) fn group_of(process: u32) -> Option<u32> {
    // SAFETY: getpgid takes a number by value.
    let group = unsafe { libc::getpgid(pid_t::try_from(process).ok()?) };
    u32::try_from(group).ok()
}

/// The session of a process, or of the caller, which is 0.
pub(crate) fn session_of(process: u32) -> Option<u32> {
    // SAFETY: getsid takes a number by value.
    let session = unsafe { libc::getsid(pid_t::try_from(process).ok()?) };
    u32::try_from(session).ok()
}

/// Whether it is a child of this process that was not reaped, so that its number cannot be another's.
pub(crate) fn is_unreaped_child(process: u32) -> Result<bool, Error> {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: waitid takes numbers by value, and writes nothing to a null pointer.
    match cvt(unsafe { libc::waitid(libc::P_PID, process as libc::id_t, ptr::null_mut(), options) }) {
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(false),
        Err(source) => Err(Error::os("waitid(2)")(source)),
        Ok(_) => Ok(true),
    }
}

/// Whether a process group is one of a tether of this process: its leader is a child of this process that has exited,
/// and whose exit signal is none.
pub(crate) fn leader_is_an_anchor(group: u32) -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WCLONE;
    // SAFETY: waitid takes numbers by value, and writes nothing to a null pointer.
    unsafe { libc::waitid(libc::P_PID, group as libc::id_t, ptr::null_mut(), options) == 0 }
}

/// The caller's number, which in a [`Helper`] is not that of the process whose memory it shares.
pub(crate) fn own_id() -> u32 {
    // SAFETY: getpid has no arguments and no effect. Not through the C library, which may remember another answer.
    unsafe { libc::syscall(libc::SYS_getpid) as u32 }
}

/// The same, where a sandbox may refuse even this.
pub(crate) fn process_id() -> Result<u32, Error> {
    checked_own_id().map_err(Error::os("getpid(2)"))
}

pub(crate) fn own_thread_id() -> u32 {
    // SAFETY: gettid has no arguments and no effect.
    unsafe { libc::syscall(libc::SYS_gettid) as u32 }
}

/// Whether a process has a thread of this number, as far as the caller is told.
pub(crate) fn thread_exists(process: u32, thread: u32) -> bool {
    // SAFETY: tgkill takes numbers by value; the signal 0 is none.
    let answer = unsafe { libc::syscall(libc::SYS_tgkill, process as pid_t, thread as pid_t, 0) };
    !matches!(cvt(answer), Err(error) if error.raw_os_error() == Some(libc::ESRCH))
}

/// Signals one thread. No other thread can take that signal.
pub(crate) fn tgkill(process: u32, thread: u32, signal: Signal) -> io::Result<()> {
    // SAFETY: tgkill takes three numbers by value.
    cvt(unsafe { libc::syscall(libc::SYS_tgkill, process as pid_t, thread as pid_t, signal.as_raw()) }).map(drop)
}

pub(crate) fn is_subreaper() -> io::Result<bool> {
    let mut answer: c_int = 0;
    // SAFETY: PR_GET_CHILD_SUBREAPER writes one int to the address, which is that of a live and writable one.
    cvt(unsafe { libc::syscall(libc::SYS_prctl, PR_GET_CHILD_SUBREAPER, &mut answer as *mut c_int) })?;
    Ok(answer != 0)
}

pub(crate) fn set_subreaper(subreaper: bool) -> io::Result<()> {
    // SAFETY: PR_SET_CHILD_SUBREAPER takes a number by value.
    cvt(unsafe { libc::syscall(libc::SYS_prctl, PR_SET_CHILD_SUBREAPER, subreaper as c_ulong) }).map(drop)
}

/// Has the kernel signal this process when the thread that forked it exits. `parent` is the pid of that process. It is
/// an error if it died before.
pub(crate) fn arm_for(signal: Signal, parent: u32) -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number by value and touches no memory of ours.
    cvt(unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal.as_raw() as c_ulong) })?;
    if checked_parent_id()? == parent {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

/// The name of this process, as in `ps`; it ends in a zero.
pub(crate) fn set_name(name: &[u8; 16]) {
    // SAFETY: PR_SET_NAME reads 16 bytes at most.
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_NAME, name.as_ptr()) };
}

/// Leaves the process group of the parent: for a group of its own in the same session, or in a session of its own.
pub(crate) fn leave_group(session_too: bool) -> io::Result<()> {
    if session_too {
        // SAFETY: setsid has no arguments.
        cvt(unsafe { libc::setsid() }).map(drop)
    } else {
        // SAFETY: setpgid takes numbers by value.
        cvt(unsafe { libc::setpgid(0, 0) }).map(drop)
    }
}

pub(crate) fn exit(status: i32) -> ! {
    // SAFETY: _exit takes a number by value and does not return.
    unsafe { libc::_exit(status) }
}

/// What to do about a call's error.
pub(crate) fn remedy(call: &str, error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EMFILE) => "this process has no file descriptor left: close some, or raise RLIMIT_NOFILE (`ulimit -n`)",
        Some(libc::ENFILE) => "the system has no file descriptor left: see /proc/sys/fs/file-max",
        Some(libc::EAGAIN) => {
            "the limit of processes and threads is reached, or memory is short: see RLIMIT_NPROC (`ulimit -u`), pids.max of the control \
             group, RLIMIT_AS and RLIMIT_DATA"
        }
        Some(libc::ETOOMANYREFS) => {
            "this user has too many descriptors in flight (sent and not yet received): raise RLIMIT_NOFILE (`ulimit -n`), or use fewer tethers"
        }
        Some(libc::ECHILD) => "other code in this process waits for all children with __WALL: let it wait for its own children only",
        Some(libc::ENOMEM) => "memory is short, or RLIMIT_AS or RLIMIT_DATA is too low",
        Some(libc::ENOSYS) if call == PIDFD_OPEN => {
            "it needs Linux 5.3, and a sandbox may hide it: the kernel's signal, without `watch` and what implies it, works without it"
        }
        Some(libc::EPERM) if call.starts_with("kill") => {
            "the target runs as a user that this process may not signal, or a sandbox refuses the call"
        }
        _ => "a sandbox around this process, such as a seccomp filter, may refuse the call",
    }
}

/// An error if this process may not read the clock. Some machines need a system call for it, which a sandbox may
/// refuse. `Instant::now` panics then.
pub(crate) fn can_tell_time() -> io::Result<()> {
    let mut time = mem::MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: clock_gettime writes the time.
    cvt(unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, time.as_mut_ptr()) }).map(drop)
}

/// Sleeps for so long, or less: a signal may interrupt it, and a sandbox may refuse `clock_nanosleep(2)`, or
/// `restart_syscall(2)`, by which the kernel goes on with a sleep when a stopped process continues. `thread::sleep`
/// panics then.
pub(crate) fn nap(time: Duration) {
    // SAFETY: the timespec lives until the call returns. The time that is left is not asked for.
    if unsafe { libc::nanosleep(&timespec(time), ptr::null_mut()) } == -1 {
        // SAFETY: it takes nothing.
        unsafe { libc::sched_yield() };
    }
}

/// A time for calls of the C library, of 68 years at most.
///
/// A literal does not compile on every target: the struct may have private padding there.
fn timespec(time: Duration) -> libc::timespec {
    // SAFETY: a timespec is made of numbers.
    let mut timespec: libc::timespec = unsafe { mem::zeroed() };
    timespec.tv_sec = time.as_secs().min(i32::MAX as u64) as _;
    timespec.tv_nsec = time.subsec_nanos() as _;
    timespec
}

impl Error {
    /// For `map_err`: the error of a system call.
    pub(crate) fn os(call: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Os { call, source }
    }
}

/// Turns an answer of -1 into the error in `errno`.
fn cvt<T: Copy + PartialEq + From<i8>>(answer: T) -> io::Result<T> {
    if answer == T::from(-1) {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}
