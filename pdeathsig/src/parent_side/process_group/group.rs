//! Whether a number is still that of a child's process group.

use std::io;
use std::process::Child;

use crate::platform::sys;
use crate::{Error, Signal};

/// Signals the group that a child of this process leads, or led until it was reaped.
pub(in crate::platform) fn signal(child: u32, signal: Signal) -> io::Result<()> {
    if sys::is_unreaped_child(child)? {
        let group = sys::group_of(child);
        if group != Some(child) {
            return Err(leads_none(child, group));
        }
    } else {
        // The kernel does not reuse a pid while its group has a member. So if the pid was reused, no member is left.
        let was_reused = sys::group_of(child).is_some();
        if was_reused || belongs_to_a_stranger(child) {
            return Ok(());
        }
    }
    match sys::killpg(child, signal) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        Err(source) => Err(Error::Os { call: "kill(2) on a process group", source }.into()),
        Ok(()) => Ok(()),
    }
}

/// SIGTERM to a child that was not waited for.
pub(in crate::platform) fn terminate(child: &mut Child) -> io::Result<()> {
    match child.try_wait() {
        Ok(Some(_)) => return Ok(()),
        // Other code in this process has waited for it.
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
        answer => drop(answer?),
    }
    match sys::kill(child.id(), Signal::TERM) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        answer => answer.map_err(|source| Error::Os { call: "kill(2)", source }.into()),
    }
}

/// Whether a group without a leader cannot be that of a child: it is empty, or neither in this process's session nor in
/// one that the child made. Where `/proc` does not tell, it may be the child's.
fn belongs_to_a_stranger(group: u32) -> bool {
    let own = sys::session_of(0);
    let mut session = None;
    let looked = sys::every_process(|process| {
        if sys::group_of(process) == Some(group) {
            session = sys::session_of(process);
        }
        session.is_none()
    });
    match session {
        Some(session) => Some(session) != own && session != group,
        None => looked.is_ok() && sys::shows_this_pid_namespace(),
    }
}

fn leads_none(child: u32, group: Option<u32>) -> io::Error {
    let remedy = "spawn it with `process_group(0)`, or with a `Tether`, whose members `Tether::send_signal` reaches";
    let message = match group {
        Some(group) if sys::leader_is_an_anchor(group) => format!(
            "the child {child} does not lead a process group: a `Tether` has put it in group {group}: signal it with \
             `Tether::send_signal`, and make a tether for this child alone if the others are not to be signalled",
        ),
        Some(group) if Some(group) == sys::group_of(0) => {
            format!("the child {child} does not lead a process group, but is in this process's own, group {group}: {remedy}")
        }
        Some(group) => format!("the child {child} does not lead a process group, but is in group {group}: {remedy}"),
        None => format!("the child {child} does not lead a process group: {remedy}"),
    };
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
