//! Signals that are read instead of caught ([signalfd(2)](https://man7.org/linux/man-pages/man2/signalfd.2.html)), and the wait for them and
//! for other descriptors.

use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use super::mask::Mask;
use super::{cvt, timespec};

/// A signal as it arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) number: i32,
    /// The sender, as far as the kernel says.
    pub(crate) sender: u32,
    pub(crate) origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The terminal, a timer and the like: `SI_KERNEL`.
    Kernel,
    /// A child of this process: `CLD_EXITED` and the like.
    Child,
    /// A process that sent it: `SI_USER`, `SI_QUEUE`, `SI_TKILL`.
    Process,
}

#[derive(Debug)]
pub(crate) struct SignalFd(OwnedFd);

impl SignalFd {
    /// Reads every signal. They must be blocked.
    pub(crate) fn of_all() -> io::Result<SignalFd> {
        Mask::ALL.signalfd().map(SignalFd)
    }

    /// The next one that is pending, if there is one.
    pub(crate) fn next(&self) -> Option<Received> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = mem::size_of::<libc::signalfd_siginfo>();
        // SAFETY: the info is as long as read is told, and writable.
        let length = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        if length != size as isize {
            return None;
        }
        // SAFETY: any bytes are a signalfd_siginfo, and read has written all of it.
        let info = unsafe { info.assume_init() };
        let origin = match info.ssi_code {
            code if code <= 0 => Origin::Process,
            libc::CLD_EXITED..=libc::CLD_CONTINUED => Origin::Child,
            _ => Origin::Kernel,
        };
        Some(Received { number: info.ssi_signo as i32, sender: info.ssi_pid, origin })
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// An error if [`poll`] is refused, as in a sandbox.
pub(crate) fn can_poll() -> io::Result<()> {
    let no_time = timespec(Duration::ZERO);
    // SAFETY: there are no descriptors, and the time lives until the call returns; a null mask leaves signals alone.
    cvt(unsafe { libc::ppoll(ptr::null_mut(), 0, &no_time, ptr::null()) }).map(drop)
}

/// Waits until one of the descriptors is readable; without a time, for as long as it takes. Answers which are. An error
/// counts as readable.
pub(crate) fn poll(fds: &[BorrowedFd<'_>], time: Option<Duration>) -> Vec<bool> {
    let one = |fd: &BorrowedFd<'_>| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled: Vec<_> = fds.iter().map(one).collect();
    let time = time.map(timespec);
    let time = time.as_ref().map_or(ptr::null(), |time| time as *const libc::timespec);
    // SAFETY: the descriptors and the time live until the call returns; a null mask leaves signals alone.
    unsafe { libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, time, ptr::null()) };
    polled.iter().map(|fd| fd.revents != 0).collect()
}
