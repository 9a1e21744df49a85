//! A fork with an exit signal of the caller's choice: what the parent gets when the child exits
//! ([clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html)).

use std::io;

use libc::{c_long, c_ulong};

use super::cvt;
use crate::Signal;

/// The child's pid, or none in the child.
///
/// The calling process must have one thread, as a launcher's processes do. So nothing in the copy is locked for ever,
/// and the child may run ordinary code.
pub(crate) fn fork(exit_signal: Signal) -> io::Result<Option<u32>> {
    let (flags, none) = (exit_signal.as_raw() as c_ulong, 0 as c_ulong);
    // On this machine alone the stack comes first.
    let (first, second) = if cfg!(target_arch = "s390x") { (none, flags) } else { (flags, none) };
    // SAFETY: without flags and without a stack, clone copies this process as fork does. Its only thread goes on in
    // both.
    let child: c_long = unsafe { libc::syscall(libc::SYS_clone, first, second, none, none, none) };
    Ok(Some(cvt(child)? as u32).filter(|child| *child != 0))
}

/// The pid of a process that is forked for this, and is gone.
pub(crate) fn newest_pid() -> io::Result<u32> {
    match fork(Signal::CHLD)? {
        None => super::exit(0),
        Some(child) => {
            // SAFETY: waitpid writes no status to a null pointer; the process is our child.
            cvt(unsafe { libc::waitpid(child as libc::pid_t, std::ptr::null_mut(), 0) })?;
            Ok(child)
        }
    }
}
