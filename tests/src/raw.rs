//! Every `unsafe` of the tests, by what it is for; here system calls, before exec or at once.
#![allow(unsafe_code)]

mod allocator;
mod descriptors;
mod forks;
mod parents;
mod signals;
mod traced;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{raise, Signal};
use nix::unistd::{setsid, Pid};

use crate::sandbox::Refusal;

pub(crate) use allocator::jam_the_allocator;
pub use descriptors::leave_one_hang_up;
pub(crate) use descriptors::{close_others, close_standard, is_of_no_use};
pub(crate) use forks::{copy, drop_copy, fork_with_number, in_fork};
pub use forks::{execute_in_new_terminal, fork_sleeper, forked, try_fork, unrelated_process, vforking, SharedCounter};
pub use parents::{first_parent_named, forget_parents_named, remembering};
pub use signals::{allocate_realtime_signal, count_instead_of_dying, send_number};
pub(crate) use signals::{
    block_everything, catch, catch_number, caught, ignore, ignore_everything, named, stop_ignoring,
};
pub(crate) use traced::{boundary, change_call};

/// `prctl(PR_SET_PDEATHSIG)` and nothing else: the naive approach.
pub fn set_bare(signal: i32) -> io::Result<()> {
    // SAFETY: the call takes a number by value.
    match unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The same in what a command spawns, before exec: the naive approach of a parent.
pub fn set_bare_before_exec(command: &mut Command, signal: i32) -> &mut Command {
    // SAFETY: it is one system call, and an error that is a mere number.
    unsafe { command.pre_exec(move || set_bare(signal)) }
}

/// The five system calls of `die_with_parent`, without anything around them; the yardstick of its benchmark.
pub fn bare_calls(signal: i32) -> bool {
    // SAFETY: none of the calls takes a pointer.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    // SAFETY: as above.
    let process = unsafe { libc::getpid() };
    // SAFETY: as above.
    let before = unsafe { libc::getppid() };
    // SAFETY: as above.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) };
    // SAFETY: as above.
    let after = unsafe { libc::getppid() };
    thread == libc::c_long::from(process) && answer == 0 && before == after
}

/// Has `command` run under a seccomp filter that refuses a system call.
pub fn refusing(command: &mut Command, what: impl Into<Refusal>) -> &mut Command {
    let filter = what.into().filter();
    // SAFETY: the filter is made; to apply it takes two system calls and no allocation.
    unsafe { command.pre_exec(move || apply(&filter, false)) }
}

/// Applies a seccomp filter to this thread, or to all of this process.
pub(crate) fn apply(filter: &[libc::sock_filter], everywhere: bool) -> io::Result<()> {
    prctl::set_no_new_privs()?;
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    let flags = if everywhere { libc::SECCOMP_FILTER_FLAG_TSYNC } else { 0 };
    // SAFETY: the kernel reads the program, which lives until the call returns, and does not write to it.
    match unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &program) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has what `command` spawns stop itself between fork and exec.
pub(crate) fn halt_before_exec(command: &mut Command) -> &mut Command {
    // SAFETY: raise is async-signal-safe.
    unsafe { command.pre_exec(|| Ok(raise(Signal::SIGSTOP)?)) }
}

/// Has `command` lead a session of its own, as hosts do that know of `setsid`.
pub fn leading_a_session(command: &mut Command) -> &mut Command {
    // SAFETY: one system call, and an error that is a mere number.
    unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) }
}

/// Has `command` lead a session of its own, which its standard input, a terminal, controls.
pub fn controlled_by_its_input(command: &mut Command) -> &mut Command {
    let take = || {
        setsid()?;
        // SAFETY: TIOCSCTTY takes a number by value.
        match unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: two system calls, and errors that are mere numbers.
    unsafe { command.pre_exec(take) }
}

/// Has a terminal send SIGINT, SIGQUIT or SIGTSTP to its foreground, as by a key, before this returns.
pub fn signal_of_terminal(master: &File, signal: Signal) {
    // As most machines have it; the `libc` crate lacks it.
    const TIOCSIG: libc::Ioctl = 0x4004_5436;
    // SAFETY: the call takes a number by value.
    let answer = unsafe { libc::ioctl(master.as_raw_fd(), TIOCSIG, signal as libc::c_int) };
    assert_eq!(answer, 0, "{}", io::Error::last_os_error());
}

/// How a process has ended, which is a child by then, if it has. (`nix` does not know of real-time signals.)
pub(crate) fn try_wait(process: Pid) -> Option<libc::c_int> {
    let mut status = 0;
    // SAFETY: waitpid writes the status.
    let ended = unsafe { libc::waitpid(process.as_raw(), &mut status, libc::WNOHANG | libc::__WALL) };
    (ended == process.as_raw()).then_some(status)
}

pub(crate) fn end_this_thread() -> ! {
    // SAFETY: exit takes a number by value. The thread's stack stays, and whatever it borrows.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("the thread goes on after its end")
}

/// Dies of a write to the address 1. For 0, older Rust has a check, which aborts.
pub fn segfault() -> ! {
    // SAFETY: none; the fault is what the test asks for.
    unsafe { ptr::dangling_mut::<u8>().write_volatile(1) };
    unreachable!("a write to the address 1 went through")
}

/// The version of glibc behind `2.`; none with another C library.
pub fn glibc_minor() -> Option<u32> {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it takes nothing.
        let version = unsafe { libc::gnu_get_libc_version() };
        // SAFETY: the string is glibc's own, and never changes.
        let version = unsafe { std::ffi::CStr::from_ptr(version) };
        version.to_str().ok()?.strip_prefix("2.")?.parse().ok()
    }
    #[cfg(not(target_env = "gnu"))]
    None
}
