//! A process that shares the memory of this one while the calling thread waits: what
//! [vfork(2)](https://man7.org/linux/man-pages/man2/vfork.2.html) makes, on a stack of its own. However large this process is,
//! no page tables are copied.

use std::io;
use std::ptr;

use libc::{c_int, c_void, pid_t};

use super::cvt;
use super::memory::Mapping;

/// Does `work` in a new process, and returns when that has left the memory again. It has exited then, or is about to.
/// Its exit signal is none, so no SIGCHLD comes, and only a wait with `__WALL` or `__WCLONE` sees it.
///
/// Other threads may hold any lock meanwhile, so `work` must be async-signal-safe: no allocation, no lock, no panic. No
/// signal handler of the program may run in the process either: the caller has blocked them all.
pub(super) fn run(stack: &mut Mapping, mut work: impl FnMut()) -> io::Result<pid_t> {
    let mut work: &mut dyn FnMut() = &mut work;
    let argument: *mut c_void = ptr::addr_of_mut!(work).cast();
    let stack = stack.end().cast();
    // SAFETY: the stack is unused and large enough, its end is aligned to a page. With CLONE_VFORK the call returns
    // after the process is done with the argument and the stack, and nothing touches them meanwhile.
    let process = unsafe { libc::clone(trampoline, stack, libc::CLONE_VM | libc::CLONE_VFORK, argument) };
    cvt(process)?;
    Ok(process)
}

extern "C" fn trampoline(argument: *mut c_void) -> c_int {
    // SAFETY: the argument is that of `run`, which waits.
    let work: &mut &mut dyn FnMut() = unsafe { &mut *argument.cast() };
    work();
    0
}
