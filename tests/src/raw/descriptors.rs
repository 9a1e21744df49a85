//! Descriptors taken from their owners.

use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::fcntl::{fcntl, FcntlArg, OFlag};
use nix::libc;
use nix::sys::socket::{recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags};

/// Takes the only tether of this process apart, which has not been used yet, and puts it together again with one
/// hang-up where it had several.
pub fn leave_one_hang_up() {
    let sockets = fs::read_dir("/proc/self/fd").unwrap().map(Result::unwrap).filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    });
    let [tether] =
        sockets.map(|entry| entry.file_name().to_str().unwrap().parse().unwrap()).collect::<Vec<RawFd>>()[..]
    else {
        panic!("not one socket, but more or less")
    };
    let mut control = cmsg_space!([RawFd; 32]);
    let mut byte = [0];
    let mut data = [IoSliceMut::new(&mut byte)];
    let message = recvmsg::<()>(tether, &mut data, Some(&mut control), MsgFlags::empty()).unwrap();
    let held = message.cmsgs().unwrap().flat_map(|part| match part {
        ControlMessageOwned::ScmRights(held) => held,
        other => panic!("{other:?}"),
    });
    // SAFETY: they have just come out of a message.
    let held = held.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    let is_armed =
        |fd: &OwnedFd| OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL).unwrap()).contains(OFlag::O_ASYNC);
    // The others are closed here, and hang up on a group that has no members yet.
    let [armed]: [OwnedFd; 1] = held.filter(is_armed).collect::<Vec<_>>().try_into().unwrap();
    let itself = [armed.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&itself)];
    sendmsg::<()>(itself[0], &[IoSlice::new(&[0])], &rights, MsgFlags::empty(), None).unwrap();
}

pub(crate) fn close_others(line: RawFd) {
    let line = line as libc::c_uint;
    // SAFETY: the descriptors are closed under their owners, as a program does that becomes a daemon. The actor uses
    // none of them again.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, 0 as libc::c_uint, line - 1, 0) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, line + 1, libc::c_uint::MAX, 0) }, 0);
}

pub(crate) fn close_standard() {
    // SAFETY: the descriptors are closed under their owners, as a program does that becomes a daemon.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, 0, 2, 0) }, 0);
}

/// Reads from a descriptor, and writes to it: whether both fail.
pub(crate) fn is_of_no_use(fd: RawFd) -> bool {
    let mut byte = [b'.'];
    // SAFETY: read writes one byte at most.
    let read = unsafe { libc::read(fd, byte.as_mut_ptr().cast(), 1) };
    // SAFETY: write reads one byte.
    let written = unsafe { libc::write(fd, byte.as_ptr().cast(), 1) };
    read == -1 && written == -1
}
