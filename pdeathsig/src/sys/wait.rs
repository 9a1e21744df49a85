//! What children of this process do ([waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html)), those with any exit signal.

use std::io;
use std::mem::MaybeUninit;

use libc::{c_int, id_t, idtype_t};

use super::cvt;

/// What a child has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) pid: u32,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Ended(End),
    Stopped,
    Continued,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Killed(i32),
}

/// Of which children.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    All,
    One(u32),
}

impl Of {
    fn arguments(self) -> (idtype_t, id_t) {
        match self {
            Of::All => (libc::P_ALL, 0),
            Of::One(pid) => (libc::P_PID, pid as id_t),
        }
    }
}

const EVERY: c_int = libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED;

/// The next thing that a child has done, if there is one. It is not taken: the same is answered again, and a child that
/// exited keeps its pid.
///
/// `ECHILD` if there is no such child.
pub(crate) fn peek(of: Of) -> io::Result<Option<Change>> {
    wait(of, EVERY | libc::WNOWAIT)
}

/// The same for exits alone.
pub(crate) fn peek_end(of: Of) -> io::Result<Option<Change>> {
    wait(of, libc::WEXITED | libc::WNOWAIT)
}

/// Takes what [`peek`] answered. A child that exited is reaped, and another process may get its pid.
pub(crate) fn take(change: Change) {
    let options = match change.what {
        What::Ended(_) => libc::WEXITED,
        What::Stopped => libc::WSTOPPED,
        What::Continued => libc::WCONTINUED,
    };
    // It may have done something else since.
    let _ = wait(Of::One(change.pid), options);
}

/// Reaps a child that exited, if one did.
pub(crate) fn reap(of: Of) -> io::Result<Option<Change>> {
    wait(of, libc::WEXITED)
}

/// Whether this process has a child with this pid. Its pid stays its own until it is reaped.
pub(crate) fn is_child(pid: u32) -> bool {
    wait(Of::One(pid), libc::WEXITED | libc::WNOWAIT).is_ok()
}

/// Whether a child is stopped, unless that was asked before and taken.
pub(crate) fn is_stopped(pid: u32) -> bool {
    matches!(wait(Of::One(pid), libc::WSTOPPED | libc::WNOWAIT), Ok(Some(_)))
}

/// An error if this process may not wait for children, as in a sandbox. To have none is no error.
pub(crate) fn can_wait() -> io::Result<()> {
    match peek_end(Of::All) {
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(()),
        answer => answer.map(drop),
    }
}

/// Whether this process has no child at all.
pub(crate) fn has_no_child() -> bool {
    matches!(peek_end(Of::All), Err(error) if error.raw_os_error() == Some(libc::ECHILD))
}

fn wait(of: Of, options: c_int) -> io::Result<Option<Change>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let (kind, id) = of.arguments();
    loop {
        // SAFETY: waitid writes the info.
        let answer = unsafe { libc::waitid(kind, id, info.as_mut_ptr(), options | libc::WNOHANG | libc::__WALL) };
        match cvt(answer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    // SAFETY: all-zero is a siginfo, and waitid has written what there is to be told.
    let info = unsafe { info.assume_init() };
    // SAFETY: waitid fills in the pid, or leaves the zero that says that nothing happened.
    let pid = unsafe { info.si_pid() } as u32;
    if pid == 0 {
        return Ok(None);
    }
    // SAFETY: it fills in the status with the pid.
    let status = unsafe { info.si_status() };
    let what = match info.si_code {
        libc::CLD_EXITED => What::Ended(End::Exited(status)),
        libc::CLD_KILLED | libc::CLD_DUMPED => What::Ended(End::Killed(status)),
        libc::CLD_CONTINUED => What::Continued,
        _ => What::Stopped,
    };
    Ok(Some(Change { pid, what }))
}
