//! Sets of signals as the kernel has them. Those of the C library lack the few signals that it keeps for itself.

use std::io;
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::{c_int, c_ulong};

use super::{cvt, number};

const BITS: usize = c_ulong::BITS as usize;
const WORDS: usize = number::MAX as usize / BITS;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask([c_ulong; WORDS]);

impl Mask {
    pub(super) const ALL: Mask = Mask([c_ulong::MAX; WORDS]);

    pub(super) fn of_number(signal: c_int) -> Mask {
        let mut mask = Mask([0; WORDS]);
        mask.add(signal);
        mask
    }

    fn add(&mut self, signal: c_int) {
        let bit = signal as usize - 1;
        if let Some(word) = self.0.get_mut(bit / BITS) {
            *word |= 1 << (bit % BITS);
        }
    }

    pub(super) fn contains(&self, signal: c_int) -> bool {
        let bit = signal as usize - 1;
        self.0.get(bit / BITS).is_some_and(|word| word & 1 << (bit % BITS) != 0)
    }

    /// What was sent to this thread or process, and is blocked.
    pub(super) fn pending() -> io::Result<Mask> {
        let mut mask = Mask([0; WORDS]);
        let set = ptr::addr_of_mut!(mask.0);
        // SAFETY: rt_sigpending writes a set of the size that it is told.
        cvt(unsafe { libc::syscall(libc::SYS_rt_sigpending, set, mem::size_of_val(&mask.0)) })?;
        Ok(mask)
    }

    /// Blocks every signal in this thread; what was blocked before.
    pub(crate) fn block_all() -> io::Result<Mask> {
        set(libc::SIG_SETMASK, &Mask::ALL)
    }

    /// Blocks these signals in this thread, and no others.
    pub(crate) fn install(&self) -> io::Result<()> {
        set(libc::SIG_SETMASK, self).map(drop)
    }

    pub(super) fn unblock(&self) -> io::Result<()> {
        set(libc::SIG_UNBLOCK, self).map(drop)
    }

    pub(super) fn signalfd(&self) -> io::Result<OwnedFd> {
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: signalfd4 reads a set of the size that it is told.
        let fd = unsafe { libc::syscall(libc::SYS_signalfd4, -1 as c_int, &self.0, mem::size_of_val(&self.0), flags) };
        let fd = cvt(fd)? as RawFd;
        // SAFETY: the descriptor is new, so nothing else owns it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

/// Whether this process was sent a stop signal that it blocks. A SIGCONT that comes later takes it away.
pub(crate) fn is_stop_pending() -> bool {
    let stops = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    Mask::pending().is_ok_and(|pending| stops.iter().any(|stop| pending.contains(*stop)))
}

fn set(how: c_int, mask: &Mask) -> io::Result<Mask> {
    let mut before = Mask([0; WORDS]);
    let (new, old) = (ptr::addr_of!(mask.0), ptr::addr_of_mut!(before.0));
    // SAFETY: rt_sigprocmask reads one set and writes another one, both of the size that it is told.
    cvt(unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, new, old, mem::size_of_val(&mask.0)) })?;
    Ok(before)
}
