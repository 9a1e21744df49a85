//! Arming in the child, between fork and exec.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use libc::c_ulong;

use super::{cvt, signals, Incarnation};
use crate::Signal;

/// Arms each child of a command against the death of the calling process.
pub(crate) fn arm_before_exec(command: &mut Command, signal: Signal) {
    let parent = super::checked_own_id().map_err(|error| error.raw_os_error());
    let maker = Incarnation::current();
    let arm = move || {
        if maker.is_current() {
            // No child: the process that made the command executes it in its own place.
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        arm(signal, parent.map_err(refused)?)
    };
    // SAFETY: what is done there is async-signal-safe: system calls, and errors that are numbers.
    unsafe { command.pre_exec(arm) };
}

fn refused(number: Option<i32>) -> io::Error {
    io::Error::from_raw_os_error(number.unwrap_or(libc::EPERM))
}

fn arm(signal: Signal, parent: u32) -> io::Result<()> {
    // 0 is a parent outside the child's pid namespace. It stays 0 when that parent is dead.
    let outside = super::checked_parent_id()? == 0;
    let own = super::checked_own_id()?;
    // 1. Reset: the parent's handler would catch a signal before exec, and an ignored signal stays ignored after exec.
    //    2. Arm.
    // 3. Compare: if the parent died before 2, the kernel sends nothing.
    signals::reset(signal)?;
    // SAFETY: PR_SET_PDEATHSIG takes a signal number by value and touches no memory of ours.
    cvt(unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal.as_raw() as c_ulong) })?;
    if !outside && super::checked_parent_id()? != parent {
        // The program must not start, even if this process handles the signal.
        let _ = super::kill(own, signal);
        super::exit(128 + signal.as_raw());
    }
    Ok(())
}
