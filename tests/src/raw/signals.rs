//! What a process does about signals, those included that the C library keeps for itself.

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::libc;
use nix::sys::signal::{sigaction, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::unistd::Pid;

/// Has glibc give up the lowest real-time signal that is free.
#[cfg(target_env = "gnu")]
pub fn allocate_realtime_signal() -> Option<i32> {
    extern "C" {
        fn __libc_allocate_rtsig(high: libc::c_int) -> libc::c_int;
    }
    // SAFETY: the function takes a number by value, and adds to a counter of the C library's own.
    Some(unsafe { __libc_allocate_rtsig(1) })
}

/// Other C libraries have none to give.
#[cfg(not(target_env = "gnu"))]
pub fn allocate_realtime_signal() -> Option<i32> {
    None
}

static CAUGHT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    CAUGHT.fetch_add(1, Ordering::SeqCst);
}

/// Counts a signal from now on instead of dying of it; SIGKILL cannot be counted.
pub fn count_instead_of_dying(signal: i32) {
    if signal != libc::SIGKILL {
        catch(signal);
    }
}

pub(crate) fn catch(signal: i32) {
    let action = SigAction::new(SigHandler::Handler(count), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic.
    unsafe { sigaction(named(signal), &action) }.unwrap();
}

/// The same for one that has no name, as the real-time signals.
pub(crate) fn catch_number(signal: i32) {
    // SAFETY: zeros are an action with no flags and an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the handler does nothing but add to an atomic; null is no place for the old action.
    assert_eq!(unsafe { libc::sigaction(signal, &action, ptr::null_mut()) }, 0);
}

/// Sends a signal that has no name; whether it was sent, which it is not where too many wait.
pub fn send_number(pid: Pid, signal: i32) -> bool {
    // SAFETY: kill takes numbers by value.
    unsafe { libc::kill(pid.as_raw(), signal) == 0 }
}

pub(crate) fn caught() -> usize {
    CAUGHT.load(Ordering::SeqCst)
}

/// Undoes inherited ignored signals, as under `nohup`, and blocked ones.
pub(crate) fn stop_ignoring() {
    use Signal::*;
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH] {
        // SAFETY: no handler is installed, and the test process has none for these.
        unsafe { sigaction(signal, &action) }.unwrap();
    }
    SigSet::all().thread_unblock().unwrap();
}

pub(crate) fn ignore(signal: i32) {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(named(signal), &action) }.unwrap();
}

/// Every signal for which there is a number, those included that the C library keeps for itself.
pub(crate) fn ignore_everything() {
    // Its handler, flags and mask, in whatever order.
    let mut action = [0_u64; 8];
    action[0] = libc::SIG_IGN as u64;
    for signal in 1..=64 {
        // SAFETY: the action is longer than any target's, and installs no handler; null is no place for the old one. It
        // fails for those that cannot be ignored.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), ptr::null::<u64>(), 8) };
    }
}

/// Likewise, on this thread.
pub(crate) fn block_everything() {
    let all = u64::MAX;
    // SAFETY: the set is as long as the call is told; null is no place for the old one.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &all, ptr::null::<u64>(), 8) };
}

pub(crate) fn named(signal: i32) -> Signal {
    Signal::try_from(signal).unwrap()
}
