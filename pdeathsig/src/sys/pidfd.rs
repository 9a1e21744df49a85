//! A descriptor that stands for a process, and for no other that gets its number later
//! ([pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)), since Linux 5.3.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Instant;

use libc::{c_int, c_uint, pid_t};

use super::{cvt, timespec, PIDFD_OPEN};
use crate::target::Process;
use crate::{Error, Signal};

/// Since Linux 6.9.
const PIDFD_SIGNAL_PROCESS_GROUP: c_uint = 1 << 2;

#[derive(Debug)]
pub(crate) struct Pidfd(OwnedFd);

impl Pidfd {
    pub(crate) fn open(process: u32) -> io::Result<Pidfd> {
        // SAFETY: pidfd_open takes two numbers by value.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process as pid_t, 0 as c_uint) };
        cvt(fd)?;
        // SAFETY: the descriptor is new, so nothing else owns it.
        Ok(Pidfd(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Whether the whole process has exited, with all its threads, by `deadline`. Without a deadline, waits until it
    /// has.
    pub(crate) fn is_gone_by(&self, deadline: Option<Instant>) -> io::Result<bool> {
        poll(&mut [self.readable()], deadline)
    }

    /// A number that no other process has, since Linux 6.9. Before, all have the same one.
    pub(crate) fn inode(&self) -> io::Result<u64> {
        let mut status = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: fstat writes the whole status if it succeeds.
        cvt(unsafe { libc::fstat(self.0.as_raw_fd(), status.as_mut_ptr()) })?;
        // SAFETY: it has been written.
        let status = unsafe { status.assume_init() };
        // It has 32 bits on some targets.
        #[allow(clippy::unnecessary_cast)]
        Ok(status.st_ino as u64)
    }

    fn readable(&self) -> libc::pollfd {
        libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 }
    }

    pub(crate) fn send_signal(&self, signal: Signal) -> io::Result<()> {
        self.send_number(signal.as_raw(), 0)
    }

    /// Also one of the C library's.
    pub(crate) fn send_number(&self, number: c_int, flags: c_uint) -> io::Result<()> {
        let (fd, info) = (self.0.as_raw_fd(), ptr::null::<libc::siginfo_t>());
        // SAFETY: pidfd_send_signal takes numbers by value; a null siginfo means the one that kill(2) would send.
        cvt(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd as c_int, number, info, flags) }).map(drop)
    }
}

impl Pidfd {
    /// Signals the process group that this process leads; `pid` is its own.
    pub(crate) fn signal_group(&self, pid: u32, number: c_int) {
        let sent = self.send_number(number, PIDFD_SIGNAL_PROCESS_GROUP);
        if matches!(&sent, Err(error) if error.raw_os_error() == Some(libc::EINVAL)) && pid > 1 {
            // SAFETY: kill takes two numbers by value.
            unsafe { libc::kill(-(pid as pid_t), number) };
        }
    }

    /// Whether the process was reaped. None if that cannot be asked.
    pub(crate) fn was_reaped(&self) -> Option<bool> {
        match self.send_number(0, 0) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Some(true),
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => Some(false),
            answer => answer.ok().map(|()| false),
        }
    }

    /// Signals the group that the process leads or led, since Linux 6.9. The signal 0 only asks whether the group has a
    /// member.
    pub(crate) fn send_signal_to_group(&self, signal: Option<Signal>) -> io::Result<()> {
        self.send_number(signal.map_or(0, Signal::as_raw), PIDFD_SIGNAL_PROCESS_GROUP)
    }
}

/// How many processes can be waited for at once.
pub(crate) const MAX_WATCHED: usize = 1 + crate::child_side::arm::MAX_PIDS;

/// Waits until one of the processes has exited: whether each has. All are false at the deadline.
pub(crate) fn exited_by(processes: &[Pidfd], deadline: Option<Instant>) -> io::Result<[bool; MAX_WATCHED]> {
    let mut polls = [libc::pollfd { fd: -1, events: 0, revents: 0 }; MAX_WATCHED];
    for (poll, process) in polls.iter_mut().zip(processes) {
        *poll = process.readable();
    }
    // No more than there are: ppoll refuses more than RLIMIT_NOFILE.
    let used = processes.len().min(MAX_WATCHED);
    poll(polls.get_mut(..used).unwrap_or_default(), deadline)?;
    Ok(polls.map(|poll| poll.revents != 0))
}

/// Waits until one of the descriptors is ready. False at the deadline.
fn poll(polls: &mut [libc::pollfd], deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A longer wait takes another turn.
        let timeout = left.map(timespec);
        let timeout = timeout.as_ref().map_or(ptr::null(), |timeout| timeout as *const libc::timespec);
        let number = polls.len() as libc::nfds_t;
        // SAFETY: the pollfds and the timespec, if any, live until the call returns. A null mask leaves signals alone.
        let ready = cvt(unsafe { libc::ppoll(polls.as_mut_ptr(), number, timeout, ptr::null()) });
        match ready {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) if left.is_some_and(|left| left.as_secs() <= i32::MAX as u64) => return Ok(false),
            Ok(0) => {}
            // The program has closed it.
            Ok(_) if polls.iter().any(|poll| poll.revents & libc::POLLNVAL != 0) => {
                return Err(io::Error::from_raw_os_error(libc::EBADF))
            }
            Ok(_) => return Ok(true),
        }
    }
}

impl Process for Pidfd {
    fn pin(pid: u32) -> Result<Pidfd, Error> {
        Pidfd::open(pid).map_err(Error::os(PIDFD_OPEN))
    }

    fn has_exited_by(&self, deadline: Option<Instant>) -> io::Result<bool> {
        Ok(self.is_gone_by(deadline).map_err(Error::os("ppoll(2)"))?)
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Pidfd> for OwnedFd {
    fn from(pidfd: Pidfd) -> OwnedFd {
        pidfd.0
    }
}
