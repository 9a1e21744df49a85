//! A library for LD_PRELOAD: `/proc/self/status` without the lines that a kernel without CONFIG_PID_NS does not have.

use std::ffi::{c_char, c_int, c_long, CStr};
use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::{FromRawFd, IntoRawFd};

extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

const OPENAT: c_long = 257;
const MEMFD_CREATE: c_long = 319;
const CURRENT_FOLDER: c_int = -100;

#[no_mangle]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    if unsafe { CStr::from_ptr(path) } == c"/proc/self/status" {
        return unsafe { status() };
    }
    unsafe { syscall(OPENAT, CURRENT_FOLDER, path, flags, mode) as c_int }
}

unsafe fn status() -> c_int {
    let real = unsafe { syscall(OPENAT, CURRENT_FOLDER, c"/proc/self/status".as_ptr(), 0, 0) } as c_int;
    let text = std::io::read_to_string(unsafe { File::from_raw_fd(real) }).unwrap();
    let mut copy = unsafe { File::from_raw_fd(syscall(MEMFD_CREATE, c"status".as_ptr(), 1) as c_int) };
    for line in text.lines().filter(|line| !line.starts_with("NS")) {
        writeln!(copy, "{line}").unwrap();
    }
    copy.rewind().unwrap();
    copy.into_raw_fd()
}
