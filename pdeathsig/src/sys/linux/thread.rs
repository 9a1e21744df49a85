//! What a thread may have for itself: its signal mask, and a descriptor table.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_uint, sigset_t};

use super::done;

/// The `libc` crate lacks it for Android.
const CLOSE_RANGE_UNSHARE: c_uint = 1 << 1;

/// A thread that is created in there has all signals blocked, for good. The C library exempts those by which it has all
/// threads change their user.
pub(crate) fn with_all_signals_blocked<T>(work: impl FnOnce() -> T) -> T {
    let mut every = MaybeUninit::<sigset_t>::uninit();
    let mut before = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: sigfillset writes the whole set.
    unsafe { libc::sigfillset(every.as_mut_ptr()) };
    // SAFETY: the first set was just filled, the second is written, and neither call can fail with these arguments.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, every.as_ptr(), before.as_mut_ptr()) };
    let answer = work();
    // SAFETY: the set was written by the first call.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    answer
}

/// Gives the calling thread a descriptor table of its own, an empty one, since Linux 5.9
/// ([close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html)). What other threads have open stays open,
/// and whatever they close, or open until the table is full, does not concern this thread.
pub(crate) fn leave_descriptor_table() -> io::Result<()> {
    // SAFETY: close_range takes numbers by value. What it closes are this thread's copies; a thread that calls this owns no
    // descriptor.
    done(unsafe { libc::syscall(libc::SYS_close_range, 0 as c_uint, c_uint::MAX, CLOSE_RANGE_UNSHARE) })
}
