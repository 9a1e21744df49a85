//! The anchor of a process group: a zombie, which is a process that has exited and that nothing has waited for. It
//! keeps the group in being, and the group's number from being given to another. It takes no memory, and no signal does
//! anything to it.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::ptr;

use libc::{c_int, pid_t};

use super::memory::Mapping;
use super::{cvt, group_of, signals, vfork};
use crate::Error;

const CLONE: &str = "clone(CLONE_VM | CLONE_VFORK)";
const NAME: &[u8] = b"tether\0";

/// The process makes a dozen system calls.
const STACK: usize = 16 * 1024;

/// A member of a process group. It is reaped when this is dropped.
///
/// Its exit signal is none. So its exit raises no SIGCHLD, a program that ignores SIGCHLD has it all the same, and a
/// wait for any child, such as `waitpid(-1, …)`, does not see it unless it asks for such children by `__WALL` or
/// `__WCLONE`. In the output of `ps` it is `[tether] <defunct>`.
#[derive(Debug)]
pub(crate) struct Anchor(pid_t);

impl Anchor {
    /// The leader of a new group, or a member of the group that it is given. `also` runs in the anchor's process, and
    /// is async-signal-safe.
    pub(crate) fn new(group: Option<u32>, mut also: impl FnMut()) -> Result<Anchor, Error> {
        if children_are_elsewhere() {
            let elsewhere =
                "the children of this thread are in another pid namespace (CLONE_NEWPID): make the tether in a child";
            return Err(Error::Os { call: CLONE, source: io::Error::new(io::ErrorKind::InvalidInput, elsewhere) });
        }
        let mut joined = Ok(());
        let anchor = Anchor::run(|| {
            // SAFETY: setpgid takes numbers by value.
            joined = cvt(unsafe { libc::syscall(libc::SYS_setpgid, 0, group.unwrap_or(0) as pid_t) }).map(drop);
            // SAFETY: PR_SET_NAME reads a string that ends in a zero. The name is that of this process alone.
            unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_NAME, NAME.as_ptr()) };
            also();
        })?;
        joined.map_err(Error::os("setpgid(2)"))?;
        // A sandbox may answer that it was done, and not do it.
        if group_of(anchor.id()) != Some(group.unwrap_or(anchor.id())) {
            return Err(Error::Os { call: "setpgid(2)", source: io::ErrorKind::Other.into() });
        }
        Ok(anchor)
    }

    /// Does `work`, which is async-signal-safe, in another process. That has exited when this returns.
    pub(crate) fn run(work: impl FnMut()) -> Result<Anchor, Error> {
        let mut stack = Mapping::new(STACK).map_err(Error::os("mmap(2)"))?;
        let process = signals::with_all_blocked(|| vfork::run(&mut stack, work)).map_err(Error::os(CLONE))?;
        let mut anchor = Anchor(process);
        // It leaves this memory before it exits.
        if let Err(source) = anchor.wait(0) {
            // Unless other code has reaped it, so that the number may be another child's.
            if source.raw_os_error() != Some(libc::ECHILD) {
                anchor.reap(0);
            }
            anchor.forget();
            return Err(Error::Os { call: "waitid(WNOWAIT)", source });
        }
        Ok(anchor)
    }

    /// Its number, which is the group's if it leads it.
    pub(crate) fn id(&self) -> u32 {
        self.0 as u32
    }

    /// Moves it to another group. None but its own parent can do that.
    pub(crate) fn move_to(&self, group: u32) -> io::Result<()> {
        // SAFETY: setpgid takes numbers by value.
        cvt(unsafe { libc::setpgid(self.0, group as pid_t) }).map(drop)
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
        // SAFETY: waitpid writes no status to a null pointer. In a fork it fails: the anchor is no child of that.
        unsafe { libc::waitpid(self.0, ptr::null_mut(), options | libc::__WALL) };
    }

    /// Other code has reaped it, and another child may have its number.
    pub(crate) fn forget(&mut self) {
        self.0 = 0;
    }
}

/// Whether the children of this thread are in another pid namespace. The first process there is that namespace's init:
/// an anchor would end the namespace with its exit, and nothing could be spawned there any more.
fn children_are_elsewhere() -> bool {
    const CHILDREN: &str = "/proc/thread-self/ns/pid_for_children";
    let namespace = |path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    // Before Linux 4.12 the file is missing. It is there, but cannot be opened, before the namespace has a process.
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
        let anchor = Anchor::new(None, || {}).unwrap();
        let id = anchor.id();
        assert!(anchor.is_there());
        assert_eq!(group_of(id), Some(id));
        drop(anchor);
        assert_eq!(group_of(id), None);
    }

    #[test]
    fn it_joins_a_group_that_is_there() {
        let leader = Anchor::new(None, || {}).unwrap();
        let member = Anchor::new(Some(leader.id()), || {}).unwrap();
        assert_eq!(group_of(member.id()), Some(leader.id()));
        member.move_to(member.id()).unwrap();
        assert_eq!(group_of(member.id()), Some(member.id()));
    }

    #[test]
    fn a_group_that_is_not_there_is_an_error() {
        let id = Anchor::new(None, || {}).unwrap().id();
        Anchor::new(Some(id), || {}).unwrap_err();
    }

    #[test]
    fn forgotten_it_stays() {
        let mut anchor = Anchor::new(None, || {}).unwrap();
        let id = anchor.id();
        anchor.forget();
        drop(anchor);
        assert!(Anchor(id as pid_t).is_there());
    }
}
