//! A process that has ended, and that nobody has waited for: a zombie. It keeps a process group in being that it made, and its number
//! from being given to another; it costs no memory, and no signal does anything to it.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::ptr;

use libc::{c_int, pid_t};

use super::memory::Mapping;
use super::{cvt, group_of, signals, vfork};
use crate::Error;

/// It makes three system calls.
const STACK: usize = 16 * 1024;

/// The leader of a process group of its own. It is reaped when this is dropped.
///
/// Its exit signal is none. So its end has nobody get SIGCHLD, a program that ignores SIGCHLD has it all the same, and a
/// wait for any child, as `waitpid(-1, …)`, does not see it, unless it asks for such children by `__WALL` or `__WCLONE`.
#[derive(Debug)]
pub(crate) struct Anchor(pid_t);

impl Anchor {
    pub(crate) fn new() -> Result<Anchor, Error> {
        const CLONE: &str = "clone(CLONE_VM | CLONE_VFORK)";
        if children_are_elsewhere() {
            let elsewhere = "the children of this thread are in another pid namespace (CLONE_NEWPID): tether within";
            return Err(Error::Os { call: CLONE, source: io::Error::new(io::ErrorKind::InvalidInput, elsewhere) });
        }
        let mut stack = Mapping::new(STACK).map_err(|source| Error::Os { call: "mmap(2)", source })?;
        let mut led = Ok(());
        // SAFETY: setpgid takes numbers by value.
        let lead = || led = cvt(unsafe { libc::syscall(libc::SYS_setpgid, 0, 0) }).map(drop);
        let process = signals::with_all_blocked(|| vfork::run(&mut stack, lead));
        let mut anchor = Anchor(process.map_err(|source| Error::Os { call: CLONE, source })?);
        // It has left our memory, which comes before its end.
        if let Err(source) = anchor.wait(0) {
            // Unless somebody has reaped it, so that the number may be another child's.
            if source.raw_os_error() != Some(libc::ECHILD) {
                anchor.reap(0);
            }
            anchor.forget();
            return Err(Error::Os { call: "waitid(WNOWAIT)", source });
        }
        let leads =
            || if group_of(anchor.id()) == Some(anchor.id()) { Ok(()) } else { Err(io::ErrorKind::Other.into()) };
        led.and_then(|()| leads()).map_err(|source| Error::Os { call: "setpgid(2)", source })?;
        Ok(anchor)
    }

    /// Its number, and the group's.
    pub(crate) fn id(&self) -> u32 {
        self.0 as u32
    }

    /// Whether a child with its number waits to be reaped.
    pub(crate) fn is_there(&self) -> bool {
        self.wait(libc::WNOHANG).unwrap_or(false)
    }

    fn wait(&self, options: c_int) -> io::Result<bool> {
        let options = options | libc::WEXITED | libc::WNOWAIT | libc::__WALL;
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        loop {
            // SAFETY: waitid writes the whole of the info, or nothing.
            let answer = unsafe { libc::waitid(libc::P_PID, self.0 as libc::id_t, info.as_mut_ptr(), options) };
            match cvt(answer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                answer => return answer.map(|_| pid_in(&info) == self.0),
            }
        }
    }

    fn reap(&self, options: c_int) {
        // SAFETY: waitpid writes no status to a null pointer. In a fork it fails: there it is nobody's child.
        unsafe { libc::waitpid(self.0, ptr::null_mut(), options | libc::__WALL) };
    }

    /// Leaves it to whoever has reaped it, and may have another child with its number.
    pub(crate) fn forget(&mut self) {
        self.0 = 0;
    }
}

/// Whether what this thread makes is in another pid namespace than it. The first process there is that namespace's init: an anchor
/// would end it with its own end, and nothing could be spawned there any more.
fn children_are_elsewhere() -> bool {
    const CHILDREN: &str = "/proc/thread-self/ns/pid_for_children";
    let namespace = |path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    // Before Linux 4.12 it cannot be told; the file is there, but stands for nothing, before there is a process.
    fs::symlink_metadata(CHILDREN).is_ok() && namespace(CHILDREN) != namespace("/proc/thread-self/ns/pid")
}

fn pid_in(info: &MaybeUninit<libc::siginfo_t>) -> pid_t {
    // SAFETY: it was zeroed, if not written, and zeros are a siginfo.
    let info = unsafe { info.assume_init_ref() };
    // SAFETY: a wait fills in this part of it.
    unsafe { info.si_pid() }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        if self.0 > 0 {
            self.reap(libc::WNOHANG);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leads_a_group_until_it_is_dropped() {
        let anchor = Anchor::new().unwrap();
        let id = anchor.id();
        assert!(anchor.is_there());
        assert_eq!(group_of(id), Some(id));
        drop(anchor);
        assert_eq!(group_of(id), None);
    }

    #[test]
    fn forgotten_it_stays() {
        let mut anchor = Anchor::new().unwrap();
        let id = anchor.id();
        anchor.forget();
        drop(anchor);
        assert!(Anchor(id as pid_t).is_there());
    }
}
