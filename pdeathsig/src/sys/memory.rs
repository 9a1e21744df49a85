//! Memory that is set aside before it is needed, so that nothing has to be allocated then.

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::AtomicU32;

/// Private, zeroed memory, which costs nothing until it is touched.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: the mapping has one owner, as with a `Box<[u8]>`.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(super) fn new(size: usize) -> io::Result<Mapping> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, at an address of the kernel's choice, touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), size, access, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Mapping { start, size })
    }

    /// Its first word. It is 0 in each fork of this process, until the fork changes it. None before Linux 4.14.
    pub(super) fn wiped_in_forks(self) -> Option<&'static AtomicU32> {
        let mapping = ManuallyDrop::new(self);
        let start = mapping.start.as_ptr();
        // SAFETY: the advice is about this mapping alone, in which nothing is written yet.
        if unsafe { libc::madvise(start.cast(), mapping.size, libc::MADV_WIPEONFORK) } != 0 {
            drop(ManuallyDrop::into_inner(mapping));
            return None;
        }
        // SAFETY: the mapping is zeroed, aligned to a page, and stays for as long as the process.
        Some(unsafe { &*start.cast::<AtomicU32>() })
    }

    /// Where a stack begins that grows down.
    pub(super) fn end(&mut self) -> *mut u8 {
        // SAFETY: one past the end of the mapping is in its provenance.
        unsafe { self.start.as_ptr().add(self.size) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrows from it any more. It fails for wrong arguments alone.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.size) };
    }
}

/// A set of processes that remembers their order, each by its id and by when it started. It has room for 262,144; the
/// next ones are not taken.
#[derive(Debug)]
pub(crate) struct PidSet {
    memory: Mapping,
    length: usize,
}

/// `PID_MAX_LIMIT` in the kernel's `include/linux/threads.h`.
const NUMBERS: usize = 4 * 1024 * 1024;
const ROOM: usize = 256 * 1024;
/// One bit for each number.
const WORDS: usize = NUMBERS / u32::BITS as usize;

impl PidSet {
    pub(crate) fn new() -> io::Result<PidSet> {
        let memory = Mapping::new((WORDS + 2 * ROOM) * std::mem::size_of::<u32>())?;
        Ok(PidSet { memory, length: 0 })
    }

    /// A bit for each number, and the list.
    fn parts(&mut self) -> (&mut [u32], &mut [u32]) {
        let start = self.memory.start.as_ptr().cast();
        // SAFETY: the mapping has room for so many, is aligned to a page, was zeroed, and is borrowed through `self`
        // alone.
        let all = unsafe { slice::from_raw_parts_mut(start, WORDS + 2 * ROOM) };
        all.split_at_mut(WORDS)
    }

    /// Whether it is new, and was taken.
    pub(crate) fn insert(&mut self, pid: u32, start: u32) -> bool {
        let length = self.length;
        let (bits, list) = self.parts();
        let (word, bit) = place(pid);
        let Some(bits) = bits.get_mut(word) else { return false };
        let Some([its_pid, its_start]) = list.get_mut(2 * length..2 * length + 2) else { return false };
        if *bits & bit != 0 {
            return false;
        }
        *bits |= bit;
        *its_pid = pid;
        *its_start = start;
        self.length += 1;
        true
    }

    /// Has the set contain it, but not list it.
    pub(crate) fn skip(&mut self, pid: u32) {
        let (word, bit) = place(pid);
        if let Some(bits) = self.parts().0.get_mut(word) {
            *bits |= bit;
        }
    }

    pub(crate) fn contains(&mut self, pid: u32) -> bool {
        let (word, bit) = place(pid);
        self.parts().0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The id, and when it started.
    pub(crate) fn get(&mut self, index: usize) -> Option<(u32, u32)> {
        let length = self.length;
        match self.parts().1.get(..2 * length)?.get(2 * index..2 * index + 2)? {
            [pid, start] => Some((*pid, *start)),
            _ => None,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.parts().0.fill(0);
        self.length = 0;
    }
}

fn place(pid: u32) -> (usize, u32) {
    ((pid / u32::BITS) as usize, 1 << (pid % u32::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_pids_keeps_each_once_in_its_order() {
        let mut set = PidSet::new().unwrap();
        for pid in [5, 4_194_303, 5, 1, 32, 33, 1] {
            set.insert(pid, pid + 1);
        }
        let kept: Vec<_> = (0..).map_while(|index| set.get(index)).collect();
        let each = [5, 4_194_303, 1, 32, 33].map(|pid| (pid, pid + 1));
        assert_eq!((kept, set.len()), (each.to_vec(), 5));
        assert!(set.contains(32) && !set.contains(34));
    }

    #[test]
    fn a_cleared_set_is_empty() {
        let mut set = PidSet::new().unwrap();
        assert!(set.insert(7, 0));
        set.skip(8);
        assert!(set.contains(8) && !set.insert(8, 0) && set.len() == 1);
        set.clear();
        assert!(set.len() == 0 && !set.contains(7) && !set.contains(8) && set.get(0).is_none());
        assert!(set.insert(7, 0));
    }

    #[test]
    fn what_does_not_fit_is_not_taken() {
        let mut set = PidSet::new().unwrap();
        assert!(!set.insert(NUMBERS as u32, 0) && !set.contains(u32::MAX));
        assert!((0..ROOM as u32).all(|pid| set.insert(pid, 0)));
        assert!(!set.insert(ROOM as u32, 0) && !set.contains(ROOM as u32));
    }
}
