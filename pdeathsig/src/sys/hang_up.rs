//! A descriptor that signals a process group when its last copy is closed.
//!
//! It is one end of a pair of connected sockets, the *trigger*. The other end is *armed*: it has asked the kernel to
//! signal the group when something happens to it (`O_ASYNC`). The armed end is sent to the trigger as a message, and
//! stays in the trigger's queue. So nothing but the trigger holds it. When the trigger is closed, the kernel first
//! hangs up on the armed end, which sends the signal. Then it empties the queue, which closes the armed end. Both are
//! steps of one close (`unix_release_sock` in the kernel's `net/unix/af_unix.c`), so nothing can come between them.
//!
//! The kernel then walks through the group (`send_sigio` in `fs/fcntl.c`). Until the commit 00633c468382 of May 2026 it
//! held `tasklist_lock` meanwhile, and no process could fork. That commit went into stable kernels in June 2026. Since
//! then, the walk may miss a process that is forked meanwhile. So the queue of the first trigger also holds three more
//! triggers, each with its own armed end in its queue. Each is closed as the queue is emptied, and the kernel walks
//! through the group four times. A survivor would take a chain of forks, one during each walk, and each in a part of
//! the group that this walk has not reached. If a member changes its group while a walk is at it, that walk continues
//! in the new group. The next walks reach the members that it missed.
//!
//! Seven descriptors are in flight for each group. The kernel limits the descriptors in flight of a user, over all its
//! processes. When few are left, a second form has none in flight: both ends of each pair stay open, and both are
//! armed. Whichever end is closed first hangs up on the other. It takes eight descriptors of this process instead of
//! one.

use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::{c_int, pid_t};

use super::cvt;
use crate::{Error, Signal};

/// How often the kernel walks through the group. Of the storms in `tests/tests/tether_storm.rs`, one in ten had a
/// survivor with one walk, one in 4,900 with two, and none in 30,000 with four, when all commands shared a group. With
/// a group for each, it was one in 300 with one walk, none in 4,000 with two, and none in 2,000 with three; but crowds
/// still share. Each walk is two descriptors in flight: with three, a user that may have 1,024 would have 102 such
/// groups instead of 73, before the second form takes over.
const WALKS: usize = 4;

/// Only while this user has at most so many descriptors in flight, more are put there. Most programs may have 1,024, so
/// each can still pass some.
const MOST_IN_FLIGHT: libc::rlim_t = 512;

// The `libc` crate lacks them for some targets; they are the same for all.
const F_SETOWN_EX: c_int = 15;
const F_GETOWN_EX: c_int = 16;
const F_SETSIG: c_int = 10;
const F_OWNER_PGRP: c_int = 2;

const FCNTL: &str = "fcntl(2)";

/// `struct f_owner_ex`
#[repr(C)]
struct Owner {
    kind: c_int,
    id: pid_t,
}

/// Two connected sockets.
#[derive(Debug)]
struct Pair {
    /// When it is closed, the kernel hangs up on the other end.
    trigger: OwnedFd,
    /// It signals the group when its peer hangs up.
    armed: OwnedFd,
}

/// The pairs of a hang-up that is not armed yet. To drop them signals nothing.
#[derive(Debug)]
pub(crate) struct Pairs([Pair; WALKS]);

/// How the pairs are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All are in the queue of the first trigger.
    Packed,
    /// Both ends of each are open.
    Open,
}

impl Pairs {
    pub(crate) fn new() -> Result<Pairs, Error> {
        let pair = || Pair::new().map_err(Error::os("socketpair(2)"));
        Ok(Pairs([pair()?, pair()?, pair()?, pair()?]))
    }

    /// Puts all into the queue of the first trigger. To be called in a process of its own that shares this memory: it
    /// changes that process's limit. Async-signal-safe.
    pub(crate) fn pack(&self) -> io::Result<()> {
        leave_some_in_flight_for_others();
        let [first, others @ ..] = &self.0;
        for pair in others {
            send(&pair.armed, &[pair.armed.as_raw_fd()])?;
        }
        let mut held = [first.armed.as_raw_fd(); WALKS];
        for (place, pair) in held.iter_mut().skip(1).zip(others) {
            *place = pair.trigger.as_raw_fd();
        }
        send(&first.armed, &held)
    }

    /// Says which group is to be signalled: one that has a member now. Which members may be signalled is decided by the
    /// user of this process now.
    pub(crate) fn set_group(&self, group: u32) -> Result<(), Error> {
        let group = Owner { kind: F_OWNER_PGRP, id: group as pid_t };
        for end in self.ends() {
            // SAFETY: F_SETOWN_EX reads the owner.
            cvt(unsafe { libc::fcntl(end.as_raw_fd(), F_SETOWN_EX, &group as *const Owner) })
                .map_err(Error::os(FCNTL))?;
        }
        Ok(())
    }

    /// Arms them. After an error nothing is armed.
    pub(crate) fn arm(self, signal: Signal, form: Form) -> Result<HangUp, Error> {
        let armed = |end: &&OwnedFd| form == Form::Open || self.0.iter().any(|pair| ptr::eq(&pair.armed, *end));
        if let Err(source) = self.ends().filter(armed).try_for_each(|end| arm(end, signal)) {
            for end in self.ends() {
                let _ = set_flags(end, 0);
            }
            return Err(Error::Os { call: FCNTL, source });
        }
        let [first, others @ ..] = self.0;
        Ok(HangUp(match form {
            Form::Packed => vec![first.trigger],
            Form::Open => [first].into_iter().chain(others).flat_map(|pair| [pair.trigger, pair.armed]).collect(),
        }))
    }

    fn ends(&self) -> impl Iterator<Item = &OwnedFd> {
        self.0.iter().flat_map(|pair| [&pair.trigger, &pair.armed])
    }
}

impl Pair {
    fn new() -> io::Result<Pair> {
        let mut pair = [-1; 2];
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC;
        // SAFETY: socketpair writes two descriptors.
        cvt(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) })?;
        // SAFETY: the descriptors are new, so nothing else owns them.
        let [trigger, armed] = pair.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        Ok(Pair { trigger: away_from_standard(trigger)?, armed: away_from_standard(armed)? })
    }
}

/// The descriptors that signal the group when they are closed: one, or eight.
#[derive(Debug)]
pub(crate) struct HangUp(Vec<OwnedFd>);

impl HangUp {
    /// The group's number, unless the group has no member any more, zombies included; then the number may be another
    /// group's. (Before Linux 5.12 it is always told.) An error if a sandbox refuses the question.
    pub(crate) fn group(&self) -> io::Result<Option<u32>> {
        let Some(end) = self.0.first() else { return Ok(None) };
        let owner = owner(end)?;
        Ok(owner.and_then(|group| u32::try_from(group.id).ok()).filter(|id| *id > 1))
    }

    /// Has the kernel signal nothing any more, now or later, whatever copies there are.
    pub(crate) fn disarm(&self) -> io::Result<()> {
        // Look at all before the first one is disarmed: descriptors may be short.
        let held = self.held()?;
        for socket in self.0.iter().chain(&held) {
            set_flags(socket, 0)?;
        }
        Ok(())
    }

    /// Has the kernel signal the group now, whatever copies there are, and not again when the last copy is closed.
    pub(crate) fn hang_up(&self) -> io::Result<()> {
        let held = self.held()?;
        for socket in self.0.iter().chain(&held) {
            // SAFETY: shutdown takes numbers by value.
            cvt(unsafe { libc::shutdown(socket.as_raw_fd(), libc::SHUT_RDWR) })?;
        }
        for socket in self.0.iter().chain(&held) {
            set_flags(socket, 0)?;
        }
        Ok(())
    }

    /// Copies of the sockets in the queues.
    fn held(&self) -> io::Result<Vec<OwnedFd>> {
        let mut held = Vec::new();
        for end in &self.0 {
            look_into(end, &mut held)?;
        }
        Ok(held)
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        for end in self.0.drain(..) {
            // Other code in this process may have closed the descriptor, and another file may have its number. That
            // file stays open.
            if matches!(owner(&end), Ok(None)) {
                let _ = end.into_raw_fd();
            }
        }
    }
}

/// The group that a socket of ours signals, which may have no member any more. None if the descriptor is no socket of
/// ours any more: other code has closed it, and the group got its signal.
fn owner(socket: &OwnedFd) -> io::Result<Option<Owner>> {
    let mut owner = Owner { kind: 0, id: 0 };
    // SAFETY: F_GETOWN_EX writes the owner.
    match cvt(unsafe { libc::fcntl(socket.as_raw_fd(), F_GETOWN_EX, &mut owner as *mut Owner) }) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(None),
        Err(error) => Err(error),
        Ok(_) => Ok(Some(owner).filter(|owner| owner.kind == F_OWNER_PGRP)),
    }
}

/// In another process: the kernel compares what the user has in flight with this process's limit for open descriptors.
/// Root is exempt.
fn leave_some_in_flight_for_others() {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: getrlimit writes the whole limit if it succeeds.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) } == 0 {
        // SAFETY: it has been written.
        let mut limit = unsafe { limit.assume_init() };
        limit.rlim_cur = (limit.rlim_cur / 2).min(MOST_IN_FLIGHT);
        // SAFETY: setrlimit reads the limit. It is that of this process alone.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    }
}

/// A program that has closed a standard descriptor may still print to it or read from it. A write to a trigger makes
/// the armed end send the signal, and a read takes the armed end out of the queue.
fn away_from_standard(end: OwnedFd) -> io::Result<OwnedFd> {
    if end.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(end);
    }
    // SAFETY: F_DUPFD_CLOEXEC takes a number by value.
    let copy = unsafe { libc::fcntl(end.as_raw_fd(), libc::F_DUPFD_CLOEXEC, libc::STDERR_FILENO + 1) };
    cvt(copy)?;
    // SAFETY: the descriptor is new, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

fn arm(socket: &OwnedFd, signal: Signal) -> io::Result<()> {
    // SAFETY: F_SETSIG takes a number by value.
    cvt(unsafe { libc::fcntl(socket.as_raw_fd(), F_SETSIG, signal.as_raw()) })?;
    set_flags(socket, libc::O_ASYNC)
}

/// These sockets have no other flags.
fn set_flags(socket: &OwnedFd, flags: c_int) -> io::Result<()> {
    // SAFETY: F_SETFL takes flags by value.
    cvt(unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_SETFL, flags) }).map(drop)
}

/// A message's control part, as [cmsg(3)](https://man7.org/linux/man-pages/man3/cmsg.3.html) lays it out.
#[repr(C)]
struct Control {
    header: libc::cmsghdr,
    descriptors: [RawFd; WALKS],
}

/// Puts copies of descriptors, [`WALKS`] at most, into the queue of the socket's peer.
fn send(socket: &OwnedFd, descriptors: &[RawFd]) -> io::Result<()> {
    // SAFETY: zeros are a header, and descriptors.
    let mut control: Control = unsafe { mem::zeroed() };
    let mut size = mem::size_of::<libc::cmsghdr>();
    for (place, descriptor) in control.descriptors.iter_mut().zip(descriptors) {
        *place = *descriptor;
        size += mem::size_of_val(place);
    }
    control.header.cmsg_level = libc::SOL_SOCKET;
    control.header.cmsg_type = libc::SCM_RIGHTS;
    control.header.cmsg_len = size as _;
    let mut byte = [0_u8];
    let mut data = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: byte.len() };
    let message = message(&mut data, &mut control, size);
    // SAFETY: the message and what it points to live until the call returns, and are as long as it says.
    cvt(unsafe { libc::sendmsg(socket.as_raw_fd(), &message, libc::MSG_NOSIGNAL) }).map(drop)
}

/// Copies of the descriptors in the queue of a socket, and of those in their queues. The queues stay as they are.
fn look_into(socket: &OwnedFd, held: &mut Vec<OwnedFd>) -> io::Result<()> {
    // SAFETY: zeros are a header, and descriptors.
    let mut control: Control = unsafe { mem::zeroed() };
    let mut byte = [0_u8];
    let mut data = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: byte.len() };
    let mut message = message(&mut data, &mut control, mem::size_of::<Control>());
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the message and what it points to live until the call returns, are writable, and are as long as it says.
    match cvt(unsafe { libc::recvmsg(socket.as_raw_fd(), &mut message, flags) }) {
        // The queue is empty.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        answer => drop(answer?),
    }
    let cut_short = message.msg_flags & libc::MSG_CTRUNC != 0;
    let header = mem::size_of::<libc::cmsghdr>();
    let number = (control.header.cmsg_len as usize).saturating_sub(header) / mem::size_of::<RawFd>();
    // SAFETY: the kernel has just made these descriptors, so nothing else owns them.
    let found: Vec<_> =
        control.descriptors.iter().take(number).map(|fd| unsafe { OwnedFd::from_raw_fd(*fd) }).collect();
    if cut_short {
        return Err(io::Error::from_raw_os_error(libc::EMFILE));
    }
    for socket in found {
        look_into(&socket, held)?;
        held.push(socket);
    }
    Ok(())
}

/// A message of one byte, with a control part of this size.
fn message(data: &mut libc::iovec, control: &mut Control, size: usize) -> libc::msghdr {
    // SAFETY: zeros are an empty message.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = data;
    message.msg_iovlen = 1;
    message.msg_control = ptr::addr_of_mut!(*control).cast();
    message.msg_controllen = size as _;
    message
}
