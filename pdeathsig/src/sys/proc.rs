//! What `/proc` tells of processes ([proc(5)](https://man7.org/linux/man-pages/man5/proc.5.html)), read without allocation,
//! so that a [`Helper`](super::Helper) may do it.

use std::ffi::c_char;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::cvt;

/// What `/proc/PID/task/TID/stat` says of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// The parent process.
    pub(crate) parent: u32,
    /// The process group.
    pub(crate) group: u32,
    /// When it began, in clock ticks since the boot. The last 32 bits are enough to tell two processes apart that had
    /// the same number.
    pub(crate) start: u32,
    /// Stopped or dead: the thread does nothing any more.
    pub(crate) halted: bool,
    /// The whole process has exited and waits to be reaped.
    pub(crate) dead: bool,
}

impl Status {
    /// The status of a process's main thread. None if the process is gone or hidden.
    pub(crate) fn of(process: u32) -> Option<Status> {
        let file = open(0, format_args!("/proc/{process}/stat\0")).ok()?;
        Status::parse(file.read(&mut [0; 1024]).ok()?)
    }

    fn of_thread(process: u32, thread: u32) -> Option<Status> {
        let file = open(0, format_args!("/proc/{process}/task/{thread}/stat\0")).ok()?;
        Status::parse(file.read(&mut [0; 1024]).ok()?)
    }

    fn parse(line: &[u8]) -> Option<Status> {
        // The name, in brackets, may contain anything. What follows contains no bracket.
        let name_ends = line.iter().rposition(|byte| *byte == b')')?;
        let mut fields = line.get(name_ends + 1..)?.split(|byte| *byte == b' ').skip(1);
        let state = *fields.next()?.first()?;
        let parent = number(fields.next()?)?;
        let group = number(fields.next()?)?;
        // The 20th field of the line. The group is the 5th.
        let threads: u32 = number(fields.nth(20 - 6)?)?;
        let start = number::<u64>(fields.nth(22 - 21)?)? as u32;
        // The main thread may have exited before the others.
        let dead = matches!(state, b'Z' | b'X') && threads <= 1;
        Some(Status { parent, group, start, halted: matches!(state, b'T' | b't' | b'Z' | b'X'), dead })
    }
}

/// Whether a process with one thread is stopped, or will be before it does anything else, since SIGSTOP is pending. None
/// if it is gone or hidden, or if `/proc` is another pid namespace's.
pub(crate) fn is_stopped_or_about_to_be(process: u32) -> Option<bool> {
    if !shows_this_pid_namespace() {
        return None;
    }
    // The kernel takes the signal and stops the process under one lock, and this reads under the same. So if the signal
    // is not pending, the process has stopped by now, or the signal was never sent.
    if has_stop_pending(process)? {
        return Some(true);
    }
    Status::of(process).map(|status| status.halted)
}

fn has_stop_pending(process: u32) -> Option<bool> {
    let file = open(0, format_args!("/proc/{process}/status\0")).ok()?;
    let mut pending = None;
    let read = file.split(b'\n', |line| {
        if let Some(digits) = line.strip_prefix(b"ShdPnd:\t") {
            pending = std::str::from_utf8(digits).ok().and_then(|digits| u128::from_str_radix(digits, 16).ok());
        }
    });
    read.ok()?;
    pending.map(|pending| pending & 1 << (libc::SIGSTOP - 1) != 0)
}

/// Whether `/proc` shows processes by the numbers that they have for the caller.
pub(crate) fn shows_this_pid_namespace() -> bool {
    let Ok(file) = open(0, format_args!("/proc/self/status\0")) else { return false };
    let mut numbers = OwnNumbers::default();
    let read = file.split(b'\n', |line| numbers.take(line));
    read.is_ok() && numbers.are_those_of(super::own_id())
}

/// What `/proc/self/status` says of the caller's numbers.
#[derive(Default)]
struct OwnNumbers {
    /// `Tgid`: the number in the pid namespace of the mount.
    in_the_mounts_namespace: Option<u32>,
    /// `NSpid`: the number in the pid namespace of the mount, and in each one inside it, down to the caller's. A
    /// kernel without `CONFIG_PID_NS` has no such line.
    in_namespaces: Option<InNamespaces>,
}

enum InNamespaces {
    /// One namespace: that of the mount is the caller's.
    One(u32),
    Several,
}

impl OwnNumbers {
    fn take(&mut self, line: &[u8]) {
        if let Some(digits) = line.strip_prefix(b"Tgid:\t") {
            self.in_the_mounts_namespace = number(digits);
        } else if let Some(digits) = line.strip_prefix(b"NSpid:\t") {
            self.in_namespaces = Some(number(digits).map_or(InNamespaces::Several, InNamespaces::One));
        }
    }

    fn are_those_of(&self, process: u32) -> bool {
        match self.in_namespaces {
            Some(InNamespaces::One(own)) => own == process,
            Some(InNamespaces::Several) => false,
            // A kernel without pid namespaces.
            None => self.in_the_mounts_namespace == Some(process),
        }
    }
}

/// Calls `found` for each child of each thread of a process.
///
/// It may miss children while others come or go.
pub(crate) fn every_child(process: u32, mut found: impl FnMut(u32)) {
    every_thread(process, |thread| {
        // A thread that has exited has passed its children to another thread.
        if let Ok(file) = open(0, format_args!("/proc/{process}/task/{thread}/children\0")) {
            let _ = file.read_numbers(&mut found);
        }
        true
    });
}

/// Calls `found` for each process that `/proc` shows, as long as it returns true. An error if `/proc` cannot be read.
pub(crate) fn every_process(found: impl FnMut(u32) -> bool) -> io::Result<()> {
    every_number_in(open(libc::O_DIRECTORY, format_args!("/proc\0"))?, found);
    Ok(())
}

/// Calls `found` for each thread of a process, as long as it returns true.
pub(crate) fn every_thread(process: u32, found: impl FnMut(u32) -> bool) {
    if let Ok(folder) = open(libc::O_DIRECTORY, format_args!("/proc/{process}/task\0")) {
        every_number_in(folder, found);
    }
}

/// Calls `found` for each open descriptor of this process.
pub(super) fn every_descriptor(mut found: impl FnMut(u32)) -> io::Result<()> {
    every_number_in(open(libc::O_DIRECTORY, format_args!("/proc/self/fd\0"))?, |fd| {
        found(fd);
        true
    });
    Ok(())
}

/// The name of a process, as far as the kernel keeps it.
pub(crate) fn name_of(process: u32) -> Option<String> {
    let file = open(0, format_args!("/proc/{process}/comm\0")).ok()?;
    let mut buffer = [0; 64];
    let name = String::from_utf8_lossy(file.read(&mut buffer).ok()?).into_owned();
    Some(name.trim_end_matches('\n').to_owned())
}

/// The largest pid that there can be.
pub(crate) fn largest_pid() -> u32 {
    // `PID_MAX_LIMIT` in the kernel's `include/linux/threads.h`.
    const LIMIT: u32 = 4 * 1024 * 1024;
    let Ok(file) = open(0, format_args!("/proc/sys/kernel/pid_max\0")) else { return LIMIT };
    let mut largest = None;
    let _ = file.read_numbers(|number| largest = Some(number));
    largest.unwrap_or(LIMIT)
}

fn every_number_in(folder: File, mut found: impl FnMut(u32) -> bool) {
    let mut buffer = [0; 1024];
    while let Ok(mut entries) = folder.read_entries(&mut buffer) {
        if entries.is_empty() {
            return;
        }
        while let Some((name, rest)) = next_entry(entries) {
            entries = rest;
            if let Some(number) = number(name) {
                if !found(number) {
                    return;
                }
            }
        }
    }
}

/// Whether each thread of a process except one is stopped or dead, so that the process does nothing any more.
pub(crate) fn has_halted(process: u32, except: u32) -> bool {
    let mut halted = true;
    every_thread(process, |thread| {
        halted = thread == except || Status::of_thread(process, thread).map_or(true, |status| status.halted);
        halted
    });
    halted
}

/// The name in the first of several `linux_dirent64`, and the rest of them.
fn next_entry(entries: &[u8]) -> Option<(&[u8], &[u8])> {
    const LENGTH_AT: usize = 16;
    const NAME_AT: usize = 19;
    let length = entries.get(LENGTH_AT..LENGTH_AT + 2)?;
    let length = u16::from_ne_bytes(length.try_into().ok()?).into();
    let name = entries.get(NAME_AT..length)?.split(|byte| *byte == 0).next()?;
    Some((name, entries.get(length..)?))
}

fn number<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    let digit = |byte: &u8| (*byte as char).to_digit(10).map(u64::from);
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u64, |number, byte| number.checked_mul(10)?.checked_add(digit(byte)?))?;
    T::try_from(number).ok()
}

/// The first bytes of what was read since the last separator.
struct Piece {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Piece {
    fn default() -> Piece {
        Piece { bytes: [0; 64], length: 0 }
    }
}

impl Piece {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

struct File(OwnedFd);

/// The path ends in a zero.
fn open(flags: i32, path: std::fmt::Arguments<'_>) -> io::Result<File> {
    let mut buffer = [0_u8; 64];
    (&mut buffer[..]).write_fmt(path)?;
    let flags = flags | libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the path is a string that ends in a zero, and lives until the call returns.
    let fd = unsafe { libc::open(buffer.as_ptr().cast::<c_char>(), flags) };
    cvt(fd)?;
    // SAFETY: the descriptor is new, so nothing else owns it.
    Ok(File(unsafe { OwnedFd::from_raw_fd(fd) }))
}

impl File {
    fn read<'a>(&self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        // SAFETY: the buffer is as long as the call is told, and writable.
        let length = unsafe { libc::read(self.0.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        cvt(length as i64)?;
        Ok(buffer.get(..length as usize).unwrap_or_default())
    }

    /// Calls `found` for each piece between two separators, with the first 64 bytes of it.
    fn split(&self, separator: u8, mut found: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = [0; 1024];
        // A piece may begin in one buffer and end in the next.
        let mut piece = Piece::default();
        loop {
            let bytes = self.read(&mut buffer)?;
            if bytes.is_empty() {
                break;
            }
            for byte in bytes {
                if *byte == separator {
                    found(piece.bytes());
                    piece = Piece::default();
                } else {
                    piece.push(*byte);
                }
            }
        }
        found(piece.bytes());
        Ok(())
    }

    /// Calls `found` for each number between blanks. The last one may end in a new line.
    fn read_numbers(&self, mut found: impl FnMut(u32)) -> io::Result<()> {
        self.split(b' ', |word| {
            let digits = word.strip_suffix(b"\n").unwrap_or(word);
            if let Some(number) = number(digits) {
                found(number);
            }
        })
    }

    fn read_entries<'a>(&self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let fd = self.0.as_raw_fd();
        // SAFETY: the buffer is as long as the call is told, and writable.
        let length = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
        cvt(length)?;
        Ok(buffer.get(..length as usize).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::id;

    #[test]
    fn this_process_runs_and_has_its_parent() {
        let status = Status::of(id()).unwrap();
        let parent = std::os::unix::process::parent_id();
        assert_eq!((status.parent, status.halted, status.dead), (parent, false, false));
    }

    #[test]
    fn a_name_may_hold_anything() {
        let line = b"7 (a) Z (b) ) T 5 6 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 3 0 4294967299 2";
        assert_eq!(Status::parse(line), Some(Status { parent: 5, group: 6, start: 3, halted: true, dead: false }));
        assert_eq!(Status::parse(b"7 (a"), None);
        assert_eq!(Status::parse(b"7 (a) Z 5"), None);
    }

    #[test]
    fn a_dead_main_thread_is_no_dead_process() {
        let line = |threads| format!("7 (a) Z 5 7 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 {threads} 0 1 2");
        assert!(Status::parse(line(1).as_bytes()).unwrap().dead);
        assert!(!Status::parse(line(2).as_bytes()).unwrap().dead);
    }

    #[test]
    fn threads_and_children_are_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (mut threads, mut children) = (Vec::new(), Vec::new());
        every_thread(id(), |thread| {
            threads.push(thread);
            true
        });
        every_child(id(), |child| children.push(child));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(threads.contains(&id()) && threads.len() > 1, "{threads:?}");
        assert!(children.contains(&child.id()), "{children:?}");
        assert_eq!(Status::of(child.id()), None);
    }

    #[test]
    fn this_process_is_among_all() {
        let mut found = false;
        every_process(|process| {
            found = process == id();
            !found
        })
        .unwrap();
        assert!(found);
    }

    #[test]
    fn a_process_that_runs_has_not_halted() {
        assert!(!has_halted(id(), 0));
    }

    #[test]
    fn this_proc_is_ours() {
        assert!(shows_this_pid_namespace());
    }

    fn is_ours(status: &str, process: u32) -> bool {
        let mut numbers = OwnNumbers::default();
        status.split('\n').for_each(|line| numbers.take(line.as_bytes()));
        numbers.are_those_of(process)
    }

    #[test]
    fn a_proc_of_an_outer_namespace_is_not_ours_even_with_the_same_number() {
        assert!(is_ours("Name:\ta\nTgid:\t7\nPid:\t7\nNSpid:\t7\nGroups:\t1 2\n", 7));
        assert!(!is_ours("Tgid:\t8\nNSpid:\t8\n", 7));
        assert!(!is_ours("Tgid:\t7\nNSpid:\t7\t7\n", 7));
        assert!(!is_ours("Tgid:\t9\nNSpid:\t9\t7\n", 7));
        assert!(!is_ours("Tgid:\t0\nNSpid:\t0\n", 7));
    }

    #[test]
    fn a_kernel_without_pid_namespaces_has_one_proc() {
        assert!(is_ours("Name:\ta\nTgid:\t7\nPid:\t8\n", 7));
        assert!(!is_ours("Name:\ta\nTgid:\t8\n", 7));
        assert!(!is_ours("", 7));
    }

    #[test]
    fn pieces_are_cut_and_none_is_lost() {
        let path = std::env::temp_dir().join(format!("pdeathsig-pieces-{}", id()));
        let long = "9".repeat(2000);
        std::fs::write(&path, format!("12 {long} 345 ")).unwrap();
        let file = File(std::fs::File::open(&path).unwrap().into());
        std::fs::remove_file(&path).unwrap();
        let mut pieces = Vec::new();
        file.split(b' ', |piece| pieces.push(String::from_utf8(piece.to_vec()).unwrap())).unwrap();
        assert_eq!(pieces, ["12", &long[..64], "345", ""]);
    }
}
