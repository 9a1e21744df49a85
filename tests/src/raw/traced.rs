//! A process that is stopped at a system call: which call that is, and another one in its place.

use std::io;
use std::mem;

use nix::libc::{self, c_long};
use nix::unistd::Pid;

use crate::machine;
use crate::trace::Boundary;

/// `ptrace_syscall_info`, which the `libc` crate lacks for musl.
#[derive(Default)]
#[repr(C)]
struct Info {
    op: u8,
    reserved: [u8; 3],
    arch: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    /// The number and the arguments, or the answer.
    rest: [u64; 8],
}

/// Where it stands.
pub(crate) fn boundary(pid: Pid) -> Boundary {
    const PTRACE_GET_SYSCALL_INFO: u16 = 0x420e;
    const ENTRY: u8 = 1;
    const EXIT: u8 = 2;
    let mut info = Info::default();
    let size = mem::size_of_val(&info);
    // SAFETY: the kernel writes no more than the size that it is told.
    let written = unsafe { libc::ptrace(PTRACE_GET_SYSCALL_INFO.into(), pid.as_raw(), size, &mut info) };
    assert!(written > 0, "{}", io::Error::last_os_error());
    let [first, second, ..] = info.rest;
    match info.op {
        ENTRY => Boundary::Entry(machine::known_of(info.arch, first, second), second),
        EXIT => Boundary::Exit(first as i64),
        other => panic!("no boundary of a system call: {other}"),
    }
}

/// Has it make another call than the one that it stands before.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
pub(crate) fn change_call(pid: Pid, call: c_long) {
    use nix::sys::ptrace;
    let mut registers = ptrace::getregs(pid).unwrap();
    #[cfg(target_arch = "x86_64")]
    {
        registers.orig_rax = call as libc::c_ulonglong;
    }
    #[cfg(target_arch = "x86")]
    {
        registers.orig_eax = call;
    }
    ptrace::setregs(pid, registers).unwrap();
}

#[cfg(target_arch = "aarch64")]
pub(crate) fn change_call(pid: Pid, call: c_long) {
    // As the kernel has it; the `libc` crate lacks it.
    const NT_ARM_SYSTEM_CALL: libc::c_int = 0x404;
    let mut call = call as libc::c_int;
    let part = libc::iovec { iov_base: (&raw mut call).cast(), iov_len: mem::size_of_val(&call) };
    // SAFETY: the kernel reads the number, which lives until the call returns.
    let answer = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid.as_raw(), NT_ARM_SYSTEM_CALL, &part) };
    assert_eq!(answer, 0, "{}", io::Error::last_os_error());
}

#[cfg(target_arch = "arm")]
pub(crate) fn change_call(pid: Pid, call: c_long) {
    // As the kernel has it; the `libc` crate lacks it.
    const PTRACE_SET_SYSCALL: u16 = 23;
    // SAFETY: the request takes a number by value.
    let answer = unsafe { libc::ptrace(PTRACE_SET_SYSCALL.into(), pid.as_raw(), 0, call) };
    assert_eq!(answer, 0, "{}", io::Error::last_os_error());
}
