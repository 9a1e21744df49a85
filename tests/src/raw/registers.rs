//! Another system call in place of the one that a traced process stands before.

#[cfg(not(target_arch = "x86"))]
use nix::libc;
use nix::libc::c_long;
use nix::unistd::Pid;

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
    let part = libc::iovec { iov_base: (&raw mut call).cast(), iov_len: size_of_val(&call) };
    // SAFETY: the kernel reads the number, which lives until the call returns.
    let answer = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid.as_raw(), NT_ARM_SYSTEM_CALL, &part) };
    assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
}

#[cfg(target_arch = "arm")]
pub(crate) fn change_call(pid: Pid, call: c_long) {
    // As the kernel has it; the `libc` crate lacks it.
    const PTRACE_SET_SYSCALL: libc::c_int = 23;
    // SAFETY: the request takes a number by value.
    let answer = unsafe { libc::ptrace(PTRACE_SET_SYSCALL as _, pid.as_raw(), 0, call) };
    assert_eq!(answer, 0, "{}", std::io::Error::last_os_error());
}
