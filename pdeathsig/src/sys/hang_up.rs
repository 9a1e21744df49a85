//! A descriptor of which the last copy, when it is closed, has the kernel send a signal to a process group.
//!
//! It is one end, w, of a pair of connected sockets. The other end, r, asks the kernel for a signal when something happens to it
//! (`O_ASYNC`), and waits in w's own queue of messages: nobody has it, and nobody but w holds it. When w is closed, the kernel first hangs
//! up on r, by which the signal goes out, and then empties the queue, by which r goes away. Both are steps of one close
//! (`unix_release_sock` in the kernel's `net/unix/af_unix.c`), so that nothing can come between.
//!
//! The kernel then walks through the group (`send_sigio` in `fs/fcntl.c`). It did so under `tasklist_lock`, where nobody can be born, until
//! the commit 00633c468382 of May 2026, which went into stable kernels in June 2026; since then, a process that is born meanwhile
//! may be missed. So in w's queue there are more such pairs, each holding its own peer, and each is closed as the queue is emptied:
//! the group is walked through again and again. A survivor would need as many forks, each entered in the group's list during another one of
//! the walks, by a process that this walk has not come to; and who was missed by one is among the first that the next comes to. A walk that
//! stands on a member which changes its group goes on in that other group, and the next ones come to those that it missed.

use std::io;
use std::mem::{self, ManuallyDrop};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::slice;

use libc::{c_int, pid_t};

use super::cvt;
use crate::{Error, Signal};

/// How often the group is walked through. Of the storms in `tests/tests/tether_storm.rs`, one in ten had a survivor with one walk, one in
/// 4,900 with two, none in 30,000 with four. Each more is two descriptors in flight.
const HANG_UPS: usize = 4;

// The `libc` crate lacks them for some targets; they are the same for all.
const F_SETOWN_EX: c_int = 15;
const F_GETOWN_EX: c_int = 16;
const F_SETSIG: c_int = 10;
const F_OWNER_PGRP: c_int = 2;

/// `struct f_owner_ex`
#[repr(C)]
struct Owner {
    kind: c_int,
    id: pid_t,
}

#[derive(Debug)]
pub(crate) struct HangUp(ManuallyDrop<OwnedFd>);

impl HangUp {
    /// For a group that has a member now. Whom the signal may reach is decided by who makes this, not by who closes it.
    pub(crate) fn new(group: u32, signal: Signal) -> Result<HangUp, Error> {
        let group = Owner { kind: F_OWNER_PGRP, id: group as pid_t };
        let pair = || -> Result<(OwnedFd, OwnedFd), Error> {
            let (w, r) = socketpair().map_err(|source| Error::Os { call: "socketpair(2)", source })?;
            arm(&r, &group, signal).map_err(|source| Error::Os { call: "fcntl(2)", source })?;
            Ok((w, r))
        };
        let send = |r: &OwnedFd, held: &[OwnedFd]| {
            send(r, held).map_err(|source| Error::Os { call: "sendmsg(SCM_RIGHTS)", source })
        };
        let (w, r) = pair()?;
        // What a failure leaves behind hangs up on a group that nobody has joined yet.
        let mut held = Vec::with_capacity(HANG_UPS);
        for _ in 1..HANG_UPS {
            let (w, r) = pair()?;
            send(&r, slice::from_ref(&r))?;
            held.push(w);
        }
        held.push(r);
        if let Some(r) = held.last() {
            send(r, &held)?;
        }
        // w has no use for it, but tells by it whether the group is still there.
        own(&w, &group).map_err(|source| Error::Os { call: "fcntl(2)", source })?;
        let w = away_from_standard(w).map_err(|source| Error::Os { call: "fcntl(2)", source })?;
        Ok(HangUp(ManuallyDrop::new(w)))
    }

    /// The group's number, unless it has no member any more, a zombie included; then the number may have become another's. (Before
    /// Linux 5.12 it is always told.) An error if a sandbox does not let it be asked.
    pub(crate) fn group(&self) -> io::Result<Option<u32>> {
        let owner = self.owner()?;
        Ok(owner.and_then(|group| u32::try_from(group.id).ok()).filter(|id| *id > 1))
    }

    /// A group, which may have no member any more. None if somebody has closed this, so that the group got its signal.
    fn owner(&self) -> io::Result<Option<Owner>> {
        let mut owner = Owner { kind: 0, id: 0 };
        // SAFETY: F_GETOWN_EX writes the owner.
        match cvt(unsafe { libc::fcntl(self.0.as_raw_fd(), F_GETOWN_EX, &mut owner as *mut Owner) }) {
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(None),
            Err(error) => Err(error),
            // Of another file that has the number by now, it is another kind.
            Ok(_) => Ok(Some(owner).filter(|owner| owner.kind == F_OWNER_PGRP)),
        }
    }
}

/// Closes it, but not a file that has its number since somebody has closed it.
impl Drop for HangUp {
    fn drop(&mut self) {
        if !matches!(self.owner(), Ok(None)) {
            // SAFETY: nobody uses it after this.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

fn socketpair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut pair = [-1; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
    // SAFETY: socketpair writes two descriptors.
    cvt(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) })?;
    // SAFETY: the descriptors are new, so nobody else owns them.
    let [w, r] = pair.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    Ok((w, r))
}

/// Where the program has closed a standard descriptor, it may print or read there all the same: to write to w has r send the signal, and to
/// read from it takes r out of the queue.
fn away_from_standard(w: OwnedFd) -> io::Result<OwnedFd> {
    if w.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(w);
    }
    // SAFETY: F_DUPFD_CLOEXEC takes a number by value.
    let copy = unsafe { libc::fcntl(w.as_raw_fd(), libc::F_DUPFD_CLOEXEC, libc::STDERR_FILENO + 1) };
    cvt(copy)?;
    // SAFETY: the descriptor is new, so nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn own(socket: &OwnedFd, group: &Owner) -> io::Result<()> {
    // SAFETY: F_SETOWN_EX reads the owner.
    cvt(unsafe { libc::fcntl(socket.as_raw_fd(), F_SETOWN_EX, group as *const Owner) }).map(drop)
}

fn arm(socket: &OwnedFd, group: &Owner, signal: Signal) -> io::Result<()> {
    own(socket, group)?;
    // SAFETY: F_SETSIG takes a number by value.
    cvt(unsafe { libc::fcntl(socket.as_raw_fd(), F_SETSIG, signal.as_raw()) })?;
    // SAFETY: F_SETFL takes flags by value.
    cvt(unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_SETFL, libc::O_ASYNC) }).map(drop)
}

/// A message's control part, as [cmsg(3)](https://man7.org/linux/man-pages/man3/cmsg.3.html) lays it out.
#[repr(C)]
struct Control {
    header: libc::cmsghdr,
    descriptors: [RawFd; HANG_UPS],
}

/// Puts copies of descriptors, of which there are [`HANG_UPS`] at most, into the queue of the peer of `socket`.
fn send(socket: &OwnedFd, descriptors: &[OwnedFd]) -> io::Result<()> {
    // SAFETY: zeros are a header, and descriptors.
    let mut control: Control = unsafe { mem::zeroed() };
    let mut size = mem::size_of::<libc::cmsghdr>();
    for (copy, descriptor) in control.descriptors.iter_mut().zip(descriptors) {
        *copy = descriptor.as_raw_fd();
        size += mem::size_of_val(copy);
    }
    control.header.cmsg_level = libc::SOL_SOCKET;
    control.header.cmsg_type = libc::SCM_RIGHTS;
    control.header.cmsg_len = size as _;
    let mut byte = [0_u8];
    let mut data = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: byte.len() };
    // SAFETY: zeros are an empty message.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = &mut data;
    message.msg_iovlen = 1;
    message.msg_control = ptr::addr_of_mut!(control).cast();
    message.msg_controllen = size as _;
    // SAFETY: the message and what it points to live until the call returns, and are as long as it says.
    cvt(unsafe { libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL) }).map(drop)
}
