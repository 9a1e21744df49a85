//! A process that shares the memory of this one while the calling thread waits for its end: what
//! [vfork(2)](https://man7.org/linux/man-pages/man2/vfork.2.html) makes, on a stack of its own.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{c_int, c_void};

use super::done;
use super::memory::Mapping;

/// What is needed to start it, set aside.
#[derive(Debug)]
pub(crate) struct Helper {
    stack: Mapping,
}

impl Helper {
    pub(crate) fn new() -> io::Result<Helper> {
        Ok(Helper { stack: Mapping::new(128 * 1024)? })
    }

    /// Does `work` in a new process, and returns when that has ended.
    ///
    /// Other threads may hold any lock meanwhile, so `work` must be async-signal-safe: no allocation, no lock, no panic.
    pub(crate) fn run(&mut self, mut work: impl FnMut()) -> io::Result<()> {
        let mut work: &mut dyn FnMut() = &mut work;
        let argument: *mut c_void = ptr::addr_of_mut!(work).cast();
        let flags = libc::CLONE_VM | libc::CLONE_VFORK;
        let stack = self.stack.end().cast();
        // SAFETY: the stack is unused and large enough, its end is aligned to a page. The argument outlives the process,
        // since with CLONE_VFORK the call returns after its end, and nobody touches it meanwhile. No exit signal, so that
        // the program's handlers and waits do not see it.
        let process = unsafe { libc::clone(trampoline, stack, flags, argument) };
        done(process)?;
        // SAFETY: waitpid writes no status to a null pointer; the process is our child.
        done(unsafe { libc::waitpid(process, ptr::null_mut(), libc::__WALL) })
    }
}

extern "C" fn trampoline(argument: *mut c_void) -> c_int {
    // SAFETY: the argument is that of `Helper::run`, which waits.
    let work: &mut &mut dyn FnMut() = unsafe { &mut *argument.cast() };
    make_room_for_descriptors();
    work();
    0
}

/// The table is a copy of the calling thread's and may be full, and the limit may have been lowered since.
fn make_room_for_descriptors() {
    for fd in 0..16 {
        // SAFETY: in this process nobody uses the descriptors that were copied.
        unsafe { libc::close(fd) };
    }
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: getrlimit writes the whole limit if it succeeds.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) } == 0 {
        // SAFETY: it has been written.
        let mut limit = unsafe { limit.assume_init() };
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: setrlimit reads the limit. It is that of this process alone.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_another_process_in_the_same_memory() {
        let mut ids = (0, 0);
        Helper::new().unwrap().run(|| ids = (super::super::own_id(), super::super::parent_id().unwrap_or(0))).unwrap();
        assert_ne!(ids.0, std::process::id());
        assert_eq!(ids.1, std::process::id());
    }

    #[test]
    fn it_can_be_run_again() {
        let mut helper = Helper::new().unwrap();
        let mut runs = 0;
        for _ in 0..3 {
            helper.run(|| runs += 1).unwrap();
        }
        assert_eq!(runs, 3);
    }
}
