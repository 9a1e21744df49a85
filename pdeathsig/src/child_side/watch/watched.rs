//! The processes for which a watch waits.

use std::time::Instant;

use crate::child_side::arm::MAX_PIDS;
use crate::platform::sys::{self, Pidfd, PIDFD_OPEN};
use crate::{Error, Parent};

/// The parent, and the processes of `watch_pid`, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// None if the parent has exited already.
    parent: Option<u32>,
    pids: [Option<u32>; MAX_PIDS],
}

/// The same processes, held by descriptors.
pub(super) struct Pinned {
    /// The parent first, if it has not exited.
    pub(super) processes: Vec<Pidfd>,
    pub(super) identities: Identities,
    /// One of them has exited already.
    pub(super) one_has_exited: bool,
}

/// What tells each process of `watch_pid` from a later one that has the same number. It is known since Linux 6.9.
pub(super) type Identities = [Option<u64>; MAX_PIDS];

impl Watched {
    pub(super) fn new(parent: Option<u32>, pids: &[u32]) -> Watched {
        let mut places = [None; MAX_PIDS];
        for (place, pid) in places.iter_mut().zip(pids) {
            *place = Some(*pid);
        }
        Watched { parent, pids: places }
    }

    pub(super) fn parent(&self) -> Option<u32> {
        self.parent
    }

    pub(super) fn pin(&self) -> Result<Pinned, Error> {
        let mut pinned = Pinned { processes: Vec::new(), identities: Identities::default(), one_has_exited: false };
        match self.parent.map(|_| Parent::current()) {
            Some(Ok(parent)) if Some(parent.id()) == self.parent => pinned.processes.push(parent.process),
            Some(Ok(_)) | Some(Err(Error::ParentGone)) | None => pinned.one_has_exited = true,
            Some(Err(error)) => return Err(error),
        }
        for (pid, identity) in self.pids.iter().flatten().zip(&mut pinned.identities) {
            let process = pin(*pid)?;
            *identity = process.inode().ok();
            // A zombie, for example.
            pinned.one_has_exited |= process.is_gone_by(Some(Instant::now())).unwrap_or(false);
            pinned.processes.push(process);
        }
        Ok(pinned)
    }

    /// Whether one has exited, judged by the numbers alone.
    pub(super) fn one_has_exited(&self, identities: &Identities) -> bool {
        let parent = self.parent.map_or(true, |parent| sys::parent_id().is_ok_and(|id| id != parent));
        parent || self.other_has_exited(identities)
    }

    /// The same without the parent.
    pub(super) fn other_has_exited(&self, identities: &Identities) -> bool {
        self.pids.iter().flatten().zip(identities).any(|(pid, identity)| has_exited(*pid, *identity))
    }
}

fn pin(pid: u32) -> Result<Pidfd, Error> {
    // 0 and negative numbers are no processes.
    if i32::try_from(pid).map_or(true, |pid| pid < 1) {
        return Err(Error::ProcessNotFound { pid });
    }
    Pidfd::open(pid).map_err(|source| match source.raw_os_error() {
        // There is no such process, or the number is that of a thread.
        Some(libc::ESRCH | libc::EINVAL | libc::ENOENT) => Error::ProcessNotFound { pid },
        _ => Error::Os { call: PIDFD_OPEN, source },
    })
}

fn has_exited(pid: u32, identity: Option<u64>) -> bool {
    let Ok(process) = Pidfd::open(pid) else { return !sys::thread_exists(pid, pid) };
    let is_another = identity.is_some() && process.inode().is_ok_and(|inode| identity != Some(inode));
    is_another || process.is_gone_by(Some(Instant::now())).unwrap_or(false)
}
