//! A process that does a piece of work in this one's memory, and is gone when it is done.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use super::memory::Mapping;
use super::{cvt, vfork};

/// What is needed to start it, set aside.
#[derive(Debug)]
pub(crate) struct Helper {
    stack: Mapping,
}

impl Helper {
    pub(crate) fn new() -> io::Result<Helper> {
        Ok(Helper { stack: Mapping::new(128 * 1024)? })
    }

    /// Does `work` in a new process, and returns when that has ended. It has to be async-signal-safe, and the caller to
    /// have blocked all signals.
    pub(crate) fn run(&mut self, mut work: impl FnMut()) -> io::Result<()> {
        let process = vfork::run(&mut self.stack, || {
            make_room_for_descriptors();
            work();
        })?;
        // SAFETY: waitpid writes no status to a null pointer; the process is our child.
        cvt(unsafe { libc::waitpid(process, ptr::null_mut(), libc::__WALL) }).map(drop)
    }
}

/// The table is a copy of the calling thread's and may be full, and the limit may have been lowered since.
fn make_room_for_descriptors() {
    for fd in 0..16 {
        // SAFETY: nothing in this process uses the descriptors that were copied.
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
