//! What differs by processor and C library: the numbers of system calls, the sandboxes' name of the processor, and the
//! dynamic loader.
//!
//! A processor with 32 bits has several numbers for some calls, of which the C library chooses one. The tests know the
//! one that `libc` has.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use nix::libc::{self, c_long};

/// The dynamic loader of this program, if it has glibc's: it is in the program's memory.
pub fn dynamic_loader() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut files = maps.lines().filter_map(|line| Some(Path::new(line.get(line.find('/')?..)?)));
    let is_loader = |file: &&Path| file.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with("ld-"));
    files.find(|file| cfg!(target_env = "gnu") && is_loader(file)).map(Path::to_owned)
}

/// `poll` and its kin, and that by which the kernel goes on with them.
#[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm"))]
pub(crate) const POLLS: &[c_long] = &[libc::SYS_poll, libc::SYS_ppoll, libc::SYS_restart_syscall];
/// The same.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm")))]
pub(crate) const POLLS: &[c_long] = &[libc::SYS_ppoll, libc::SYS_restart_syscall];

/// Whether a call with this number waits for events of descriptors.
pub fn is_poll(call: c_long) -> bool {
    POLLS.contains(&call)
}

/// Whether a call with this number sleeps for a time.
pub fn is_sleep(call: c_long) -> bool {
    [libc::SYS_nanosleep, libc::SYS_clock_nanosleep].contains(&call)
}

/// Whether a call with this number takes memory or gives it back.
pub fn is_of_memory(call: c_long) -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "arm"))]
    let map = libc::SYS_mmap2;
    #[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
    let map = libc::SYS_mmap;
    [map, libc::SYS_munmap, libc::SYS_mremap, libc::SYS_brk].contains(&call)
}

/// What makes a process and is not a `clone`. Without it, `clone` does so.
#[cfg(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm"))]
pub(crate) const FORKS: &[c_long] = &[libc::SYS_fork, libc::SYS_vfork];
/// The same.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86", target_arch = "arm")))]
pub(crate) const FORKS: &[c_long] = &[];

const X86_64: u32 = 0xc000_003e;
const AARCH64: u32 = 0xc000_00b7;

/// `AUDIT_ARCH_…`, where it is known.
pub(crate) const AUDITED: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(X86_64)
} else if cfg!(target_arch = "aarch64") {
    Some(AARCH64)
} else if cfg!(target_arch = "x86") {
    Some(0x4000_0003)
} else if cfg!(target_arch = "arm") {
    Some(0x4000_0028)
} else {
    None
};

/// Other numbers of the same call, with the same arguments.
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
const OTHERS: &[(c_long, c_long)] = &[
    (libc::SYS_fcntl, libc::SYS_fcntl64),
    // The kernel's with times of 64 bits, which `libc` lacks.
    (libc::SYS_clock_gettime, 403),
    (libc::SYS_clock_nanosleep, 407),
    (libc::SYS_timer_settime, 409),
    (libc::SYS_ppoll, 414),
    (libc::SYS_rt_sigtimedwait, 421),
    (libc::SYS_futex, 422),
    #[cfg(target_arch = "arm")]
    (libc::SYS_recvfrom, libc::SYS_recv),
    #[cfg(target_arch = "arm")]
    (libc::SYS_sendto, libc::SYS_send),
];
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
const OTHERS: &[(c_long, c_long)] = &[];

/// The call that is all calls for sockets, and which its first argument says.
#[cfg(target_arch = "x86")]
const SOCKETS: Option<(c_long, &[(c_long, u32)])> = Some((
    libc::SYS_socketcall,
    &[
        (libc::SYS_socket, 1),
        (libc::SYS_bind, 2),
        (libc::SYS_connect, 3),
        (libc::SYS_listen, 4),
        (libc::SYS_socketpair, 8),
        (libc::SYS_sendto, 9),
        (libc::SYS_recvfrom, 10),
        (libc::SYS_sendto, 11),
        (libc::SYS_recvfrom, 12),
        (libc::SYS_shutdown, 13),
        (libc::SYS_setsockopt, 14),
        (libc::SYS_getsockopt, 15),
        (libc::SYS_sendmsg, 16),
        (libc::SYS_recvmsg, 17),
        (libc::SYS_accept4, 18),
    ],
));
#[cfg(not(target_arch = "x86"))]
const SOCKETS: Option<(c_long, &[(c_long, u32)])> = None;

/// `execve` in a 64-bit program, which a 32-bit test may start.
const EXECVE_OF_64_BITS: [(u32, u64); 2] = [(X86_64, 59), (AARCH64, 221)];

/// The number that the tests know of a call of a process that is such a processor's. Of another processor's calls they
/// know `execve` alone.
pub(crate) fn known_of(processor: u32, call: u64, first: u64) -> c_long {
    match Some(processor) == AUDITED {
        true => known(call as c_long, first),
        false if EXECVE_OF_64_BITS.contains(&(processor, call)) => libc::SYS_execve,
        false => -1,
    }
}

/// The number that the tests know of a call, whose first argument is `first`.
pub(crate) fn known(call: c_long, first: u64) -> c_long {
    if let Some((sockets, calls)) = SOCKETS.filter(|(sockets, _)| *sockets == call) {
        return calls.iter().find(|(_, which)| u64::from(*which) == first).map_or(sockets, |(call, _)| *call);
    }
    OTHERS.iter().find(|(_, other)| *other == call).map_or(call, |(call, _)| *call)
}

/// Each number of a call, and what the first argument is then, if that says which call it is.
pub(crate) fn numbers(call: c_long) -> Vec<(c_long, Option<u32>)> {
    let others = OTHERS.iter().filter(|(known, _)| *known == call).map(|(_, other)| (*other, None));
    let sockets = SOCKETS.into_iter().flat_map(|(number, calls)| {
        calls.iter().filter(|(known, _)| *known == call).map(move |(_, which)| (number, Some(*which)))
    });
    [(call, None)].into_iter().chain(others).chain(sockets).collect()
}
