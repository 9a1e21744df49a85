//! A descriptor that stands for a process, and for no other that gets its number later
//! ([pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)), since Linux 5.3.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Instant;

use libc::{c_int, c_uint, pid_t};

use super::{cvt, PIDFD_OPEN};
use crate::target::Process;
use crate::{Error, Signal};

#[derive(Debug)]
pub(crate) struct Pidfd(OwnedFd);

impl Pidfd {
    pub(crate) fn open(process: u32) -> io::Result<Pidfd> {
        // SAFETY: pidfd_open takes two numbers by value.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process as pid_t, 0 as c_uint) };
        cvt(fd)?;
        // SAFETY: the descriptor is new, so nobody else owns it.
        Ok(Pidfd(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Whether the whole process is gone, all its threads, by `deadline`; without one it waits for as long as it takes.
    pub(crate) fn is_gone_by(&self, deadline: Option<Instant>) -> io::Result<bool> {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            // A longer wait takes another turn.
            let timeout = left.map(|left| libc::timespec {
                tv_sec: left.as_secs().min(i32::MAX as u64) as libc::time_t,
                tv_nsec: left.subsec_nanos() as _,
            });
            let timeout = timeout.as_ref().map_or(ptr::null(), |timeout| timeout as *const libc::timespec);
            let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one pollfd and the timespec, if any, live until the call returns; a null mask leaves signals alone.
            let ready = unsafe { libc::ppoll(&mut poll, 1, timeout, ptr::null()) };
            match ready {
                -1 => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
                0 if left.is_some_and(|left| left.as_secs() <= i32::MAX as u64) => return Ok(false),
                0 => {}
                _ if poll.revents & libc::POLLNVAL != 0 => return Err(io::Error::from_raw_os_error(libc::EBADF)),
                _ => return Ok(true),
            }
        }
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
        /// Since Linux 6.9.
        const PIDFD_SIGNAL_PROCESS_GROUP: c_uint = 1 << 2;
        let sent = self.send_number(number, PIDFD_SIGNAL_PROCESS_GROUP);
        if matches!(&sent, Err(error) if error.raw_os_error() == Some(libc::EINVAL)) && pid > 1 {
            // SAFETY: kill takes two numbers by value.
            unsafe { libc::kill(-(pid as pid_t), number) };
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
