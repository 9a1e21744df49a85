//! Memory that a process shares with the processes that it forks afterwards, and by which they tell each other what
//! they have done.

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU8, Ordering};
use std::time::Duration;

use libc::c_long;

use super::wait::End;

/// Of the text that they pass.
const TEXT: usize = 12 * 1024;

/// What the processes of a launcher tell each other. All-zero at the beginning.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Board {
    /// The pid of the program, once it is there.
    pub(crate) program: AtomicU32,
    /// What the terminal sent to *outer* at the start; 0 until *outer* has looked.
    pub(crate) early_of_outer: AtomicU32,
    /// Likewise *inner*, which looks when it has left the owner's group.
    pub(crate) early_of_inner: AtomicU32,
    /// Whether *inner* has stopped *outer*, which has read no SIGCONT since.
    pub(crate) stopped: AtomicU32,
    /// Whether the program is about to be reaped, or was.
    pub(crate) reaped: AtomicU32,
    /// How the program ended: 0 until then.
    end: AtomicU32,
    length: AtomicU32,
    text: [AtomicU8; TEXT],
}

/// A board that processes share.
#[derive(Debug)]
pub(crate) struct Shared(NonNull<Board>);

impl Shared {
    pub(crate) fn new() -> io::Result<Shared> {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        let size = std::mem::size_of::<Board>();
        // SAFETY: a new mapping, at an address of the kernel's choice, touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), size, access, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast()).map(Shared).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    pub(crate) fn board(&self) -> &'static Board {
        // SAFETY: the mapping is as large as a board, aligned to a page, never unmapped, and zero is a value of each
        // field. All fields are atomic, so other processes may write them meanwhile.
        unsafe { self.0.as_ref() }
    }
}

/// In `end`: that there is one, and whether it was a signal. The status is below.
const THERE: u32 = 1 << 31;
const BY_SIGNAL: u32 = 1 << 30;

impl Board {
    /// What the terminal sent to the launcher's processes before the program was forked, and maybe afterwards. It waits
    /// until both have looked.
    pub(crate) fn early(&self) -> Early {
        Early(wait_until_set(&self.early_of_outer, None) | wait_until_set(&self.early_of_inner, None))
    }

    pub(crate) fn set_end(&self, end: End) {
        let end = match end {
            End::Exited(status) => THERE | (status as u32 & 0xff),
            End::Killed(signal) => THERE | BY_SIGNAL | (signal as u32 & 0xff),
        };
        self.end.store(end, Ordering::Release);
    }

    pub(crate) fn end(&self) -> Option<End> {
        let end = self.end.load(Ordering::Acquire);
        let status = (end & 0xff) as i32;
        match (end & THERE != 0, end & BY_SIGNAL != 0) {
            (false, _) => None,
            (true, false) => Some(End::Exited(status)),
            (true, true) => Some(End::Killed(status)),
        }
    }

    /// Adds to the text, as far as there is room.
    pub(crate) fn write(&self, text: &str) {
        let length = self.length.load(Ordering::Acquire) as usize;
        let room = self.text.get(length..).unwrap_or_default();
        for (to, from) in room.iter().zip(text.bytes()) {
            to.store(from, Ordering::Relaxed);
        }
        self.length.store((length + text.len().min(room.len())) as u32, Ordering::Release);
    }

    /// All of the text.
    pub(crate) fn text(&self) -> Vec<u8> {
        let length = self.length.load(Ordering::Acquire) as usize;
        let bytes: &[AtomicU8] = self.text.get(..length).unwrap_or_default();
        bytes.iter().map(|byte| byte.load(Ordering::Relaxed)).collect()
    }
}

/// A set of signals below 31, as a number that is not 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Early(u32);

impl Early {
    pub(crate) fn of(signals: impl IntoIterator<Item = i32>) -> Early {
        let bit = |signal: i32| 1_u32.checked_shl(signal as u32).unwrap_or(0);
        Early(signals.into_iter().fold(THERE, |bits, signal| bits | bit(signal)))
    }

    pub(crate) fn tell(self, word: &AtomicU32) {
        store_and_wake(word, self.0);
    }

    /// Async-signal-safe.
    pub(super) fn each(self) -> impl Iterator<Item = i32> {
        (1..31).filter(move |signal| self.0 & 1 << signal != 0)
    }
}

/// Stores a number that another process waits for.
pub(crate) fn store_and_wake(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    // SAFETY: FUTEX_WAKE reads no memory; the address is that of a live word.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, 0, 0, 0) };
}

pub(crate) fn is_set(word: &AtomicU32) -> bool {
    word.load(Ordering::Acquire) != 0
}

/// What the system call `futex` takes. The C library's timespec has 64-bit seconds on some 32-bit targets, and this
/// call never has.
#[repr(C)]
struct FutexTime {
    seconds: c_long,
    nanoseconds: c_long,
}

/// Waits until a number is no longer zero, or about as long as it is told; without a time, for as long as it takes.
pub(crate) fn wait_until_set(word: &AtomicU32, time: Option<Duration>) -> u32 {
    let time =
        time.map(|time| FutexTime { seconds: time.as_secs() as c_long, nanoseconds: time.subsec_nanos() as c_long });
    let address = time.as_ref().map_or(ptr::null(), |time| time as *const FutexTime);
    loop {
        let value = word.load(Ordering::Acquire);
        if value != 0 {
            return value;
        }
        // SAFETY: FUTEX_WAIT reads the word and the time, which live until the call returns.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, 0, address, 0, 0) };
        if time.is_some() {
            return word.load(Ordering::Acquire);
        }
    }
}
