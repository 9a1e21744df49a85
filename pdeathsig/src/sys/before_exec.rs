//! What a command does in the child, between fork and exec.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use libc::c_ulong;

use super::{cvt, signals};
use crate::Signal;

/// Has the children of a command arm for the calling process.
pub(crate) fn arm_before_exec(command: &mut Command, signal: Signal) {
    let parent = super::checked_own_id().map_err(|error| error.raw_os_error());
    // SAFETY: what is done there is async-signal-safe: system calls, and errors that are mere numbers.
    unsafe { command.pre_exec(move || arm(signal, parent.map_err(refused)?)) };
}

fn refused(number: Option<i32>) -> io::Error {
    io::Error::from_raw_os_error(number.unwrap_or(libc::EPERM))
}

fn arm(signal: Signal, parent: u32) -> io::Result<()> {
    // 0 is a parent outside the child's pid namespace, and stays 0 when that is dead.
    let outside = super::checked_parent_id()? == 0;
    let own = super::checked_own_id()?;
    if !outside && own == parent {
        // No child: the process that made the command executes it in its own place.
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // 1. The parent's handler would take a signal that comes before exec; a signal that it ignores would be ignored after. 2. Arm.
    // 3. Compare: if the parent died before 2, the kernel sends nothing.
    signals::reset(signal)?;
    // SAFETY: PR_SET_PDEATHSIG takes a signal number by value and touches no memory of ours.
    cvt(unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal.as_raw() as c_ulong) })?;
    if !outside && super::checked_parent_id()? != parent {
        // Whatever comes of it, the program must not start.
        let _ = super::kill(own, signal);
        super::exit(128 + signal.as_raw());
    }
    Ok(())
}
