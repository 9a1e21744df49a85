//! What this process does about signals.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::sigset_t;

use super::{cvt, number};
use crate::Signal;

/// Has no handler run on this thread meanwhile, but for those by which the C library has all threads change their user.
pub(super) fn with_all_blocked<T>(work: impl FnOnce() -> T) -> T {
    let mut every = MaybeUninit::<sigset_t>::uninit();
    let mut before = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: sigfillset writes the whole set.
    unsafe { libc::sigfillset(every.as_mut_ptr()) };
    // SAFETY: the first set was just filled, and the second is written if the call succeeds.
    let refused = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, every.as_ptr(), before.as_mut_ptr()) };
    let answer = work();
    // A sandbox may refuse even this. Then nothing is blocked, and there is nothing to go back to.
    if refused == 0 {
        // SAFETY: the set was written by the first call.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    }
    answer
}

/// Whether a process that does not handle the signal stops.
pub(crate) fn stops(signal: Signal) -> bool {
    [Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU].contains(&signal)
}

/// Whether this process would end at once of a signal, having no handler for it and not ignoring it.
pub(crate) fn ends_of(signal: Signal) -> bool {
    if stops(signal) || [Signal::CHLD, Signal::CONT, Signal::URG, Signal::WINCH].contains(&signal) {
        return false;
    }
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action, sigaction writes the one that is there.
    let answer = unsafe { libc::sigaction(signal.as_raw(), ptr::null(), action.as_mut_ptr()) };
    // SAFETY: it has been written if the call succeeded.
    answer == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_DFL
}

/// From now on SIGKILL alone ends this process from without.
pub(crate) fn ignore_signals() {
    for signal in (1..=number::MAX).filter_map(|number| Signal::from_raw(number).ok()) {
        // To ignore SIGCHLD has another effect, and SIGCONT terminates no process.
        if ![Signal::CHLD, Signal::CONT].contains(&signal) {
            // SAFETY: no handler is installed. It fails for those that cannot be ignored.
            unsafe { libc::signal(signal.as_raw(), libc::SIG_IGN) };
        }
    }
}

/// Gives up any handler of a signal, and that it is ignored, or blocked by this thread.
pub(super) fn reset(signal: Signal) -> io::Result<()> {
    if [Signal::KILL, Signal::STOP].contains(&signal) {
        return Ok(());
    }
    // SAFETY: no handler is installed, and all-zero is an empty mask and no flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = libc::SIG_DFL;
    // SAFETY: sigaction reads the action, and writes no old one to a null pointer.
    cvt(unsafe { libc::sigaction(signal.as_raw(), &action, ptr::null_mut()) })?;
    let mut set = action.sa_mask;
    // SAFETY: the set is an empty one, and sigaddset adds a number to it.
    unsafe { libc::sigaddset(&mut set, signal.as_raw()) };
    // SAFETY: sigprocmask reads the set, and writes no old one to a null pointer.
    cvt(unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &set, ptr::null_mut()) }).map(drop)
}
