//! How this process came to be, as far as it matters to one that would execute its own program again.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::cvt;

/// Whether this process has other rights than its parent, by a set-uid or set-gid program or by file capabilities.
pub(crate) fn is_secure() -> bool {
    // SAFETY: getauxval takes a number by value.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether the calling thread is the only one of this process.
pub(crate) fn is_single_threaded() -> bool {
    // Refused to a process with more threads, else without effect.
    // SAFETY: unshare takes a number by value.
    match cvt(unsafe { libc::unshare(libc::CLONE_THREAD) }) {
        Ok(_) => true,
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => false,
        // A sandbox refuses it.
        Err(_) => {
            let mut threads = 0;
            super::every_thread(super::own_id(), |_| {
                threads += 1;
                true
            });
            threads <= 1
        }
    }
}

/// Whether `/proc/self/exe` is the file that this code is mapped from. It is not in a plug-in of another program, or
/// under a dynamic loader that was started as a program.
pub(crate) fn runs_from_executable() -> io::Result<bool> {
    let executable = fs::read_link("/proc/self/exe")?;
    let own = runs_from_executable as fn() -> io::Result<bool> as usize;
    let maps = fs::read("/proc/self/maps")?;
    let mut lines = maps.split(|byte| *byte == b'\n');
    let mapped = lines.find_map(|line| file_at(line, own));
    // Both are written in the same way, " (deleted)" included, but for line breaks.
    Ok(mapped.is_some_and(|file| file == escaped(executable.as_os_str().as_bytes())))
}

/// As in `maps`.
fn escaped(path: &[u8]) -> Vec<u8> {
    path.iter().flat_map(|byte| if *byte == b'\n' { b"\\012".to_vec() } else { vec![*byte] }).collect()
}

/// The file of a line of `maps`, if the address lies within.
fn file_at(line: &[u8], address: usize) -> Option<&[u8]> {
    // The range, the rights, the offset, the device, the inode; then the file, which may hold blanks.
    let range = line.split(|byte| *byte == b' ').next()?;
    let (start, end) = std::str::from_utf8(range).ok()?.split_once('-')?;
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    let name = line.iter().position(|byte| matches!(byte, b'/' | b'['))?;
    line.get(name..).filter(|_| (start..end).contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_its_own_executable() {
        assert!(runs_from_executable().unwrap());
    }

    #[test]
    fn a_test_harness_has_threads() {
        let alone = std::thread::spawn(is_single_threaded).join().unwrap();
        assert!(!alone);
    }

    #[test]
    fn a_file_is_found_by_an_address() {
        let line = b"5500-5600 r-xp 00000000 fe:00 1050 /a b (deleted)";
        assert_eq!(file_at(line, 0x5500), Some(&b"/a b (deleted)"[..]));
        assert_eq!(file_at(line, 0x5600), None);
        assert_eq!(file_at(b"5500-5600 r-xp 00000000 00:00 0 ", 0x5500), None);
    }
}
