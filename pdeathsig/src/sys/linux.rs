//! Linux and Android.
//!
//! `PR_SET_PDEATHSIG` exists since Linux 2.1.57, `PR_GET_PDEATHSIG` since 2.3.15
//! ([PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)). Both go through
//! `syscall(2)`, since a libc may wrap `prctl` in code of its own.

use std::io;
use std::marker::PhantomData;

use libc::{c_int, c_ulong, pid_t};

use crate::{Error, Signal};

pub(crate) mod number {
    pub(crate) use libc::*;

    /// The largest signal of the kernel; on MIPS it has 128, of which the C libraries use 127.
    pub(crate) const MAX: i32 =
        if cfg!(any(target_arch = "mips", target_arch = "mips32r6", target_arch = "mips64", target_arch = "mips64r6",))
        {
            127
        } else {
            64
        };
}

pub(crate) fn realtime_signals() -> (i32, i32) {
    (libc::SIGRTMIN(), libc::SIGRTMAX())
}

/// A proof that the calling thread is the main one. It cannot be carried to another.
pub(crate) struct MainThread {
    process: pid_t,
    not_send: PhantomData<*const ()>,
}

impl MainThread {
    pub(crate) fn current() -> Result<MainThread, Error> {
        // SAFETY: gettid has no arguments and no effect.
        let thread = unsafe { libc::syscall(libc::SYS_gettid) } as pid_t;
        check("gettid(2)", thread > 0)?;
        // SAFETY: getpid has no arguments and no effect.
        let process = unsafe { libc::getpid() };
        // A sandbox may refuse even this, and kill(2) takes -1 for everybody.
        check("getpid(2)", process > 0)?;
        if thread != process {
            return Err(Error::NotMainThread { thread: thread as u32, process: process as u32 });
        }
        Ok(MainThread { process, not_send: PhantomData })
    }

    pub(crate) fn parent_id(&self) -> Result<u32, Error> {
        // SAFETY: getppid has no arguments and no effect.
        let parent = unsafe { libc::getppid() };
        check("getppid(2)", parent >= 0)?;
        Ok(parent as u32)
    }

    pub(crate) fn set_parent_death_signal(&self, signal: Option<Signal>) -> Result<(), Error> {
        let number = signal.map_or(0, Signal::as_raw);
        // SAFETY: PR_SET_PDEATHSIG takes a signal number by value and touches no memory of ours.
        let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, number as c_ulong) };
        check("prctl(PR_SET_PDEATHSIG)", answer == 0)
    }

    pub(crate) fn send(&self, signal: Signal) -> Result<(), Error> {
        // SAFETY: kill takes two numbers by value; the process is our own.
        let answer = unsafe { libc::kill(self.process, signal.as_raw()) };
        check("kill(2) on this process", answer == 0)
    }
}

pub(crate) fn parent_death_signal() -> Result<Option<Signal>, Error> {
    const CALL: &str = "prctl(PR_GET_PDEATHSIG)";
    let mut number: c_int = 0;
    // SAFETY: PR_GET_PDEATHSIG writes one int to the address, which is that of a live and writable one.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_GET_PDEATHSIG, &mut number as *mut c_int) };
    check(CALL, answer == 0)?;
    if number == 0 {
        return Ok(None);
    }
    Signal::from_raw(number).map(Some).map_err(|_| {
        let foreign = format!("other code armed the signal {number}, which belongs to the C library");
        Error::Os { call: CALL, source: io::Error::new(io::ErrorKind::InvalidData, foreign) }
    })
}

pub(crate) fn exit(status: i32) -> ! {
    // SAFETY: _exit takes a number by value and does not return.
    unsafe { libc::_exit(status) }
}

fn check(call: &'static str, ok: bool) -> Result<(), Error> {
    if ok {
        Ok(())
    } else {
        Err(Error::Os { call, source: io::Error::last_os_error() })
    }
}
