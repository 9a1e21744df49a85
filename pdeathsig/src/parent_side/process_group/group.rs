//! Whether a number is still that of a child's process group.

use std::io;

use crate::platform::sys;
use crate::{Error, Signal};

/// To the group that a child of this process leads, or led until it was reaped.
pub(in crate::platform) fn signal(child: u32, signal: Signal) -> io::Result<()> {
    if sys::is_unreaped_child(child)? {
        let group = sys::group_of(child);
        if group != Some(child) {
            return Err(leads_none(child, group));
        }
    } else if sys::group_of(child).is_some() || !has_members_of_ours(child) {
        // The number of a process is not given to another as long as its group has a member. So if somebody has it, there is none.
        return Ok(());
    }
    match sys::killpg(child, signal) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        Err(source) => Err(Error::Os { call: "kill(2) on a process group", source }.into()),
        Ok(()) => Ok(()),
    }
}

/// Whether a group without a leader can be that of a child: in this process's session, or in one that the child made. It can
/// where `/proc` does not tell.
fn has_members_of_ours(group: u32) -> bool {
    let own = sys::session_of(0);
    let mut ours = None;
    let looked = sys::every_process(|process| {
        if sys::group_of(process) == Some(group) {
            let session = sys::session_of(process);
            ours = Some(session == own || session == Some(group));
        }
        ours.is_none()
    });
    ours.unwrap_or_else(|| looked.is_err() || !sys::shows_this_pid_namespace())
}

fn leads_none(child: u32, group: Option<u32>) -> io::Error {
    let found = match group {
        Some(group) if Some(group) == sys::group_of(0) => format!(", but is in this process's own, group {group}"),
        Some(group) => format!(", but is in group {group}"),
        None => String::new(),
    };
    let message = format!(
        "the child {child} does not lead a process group{found}: spawn it with `process_group(0)`, or with a `Tether`, whose members \
         `Tether::send_signal` reaches",
    );
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
