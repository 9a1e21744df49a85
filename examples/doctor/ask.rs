//! Asks a thread of another process for its parent-death signal: the kernel tells nobody else.
//!
//! 1. It is taken hold of, interrupted if it waits in the kernel, and let go to its next system call. The signals that come up to
//!    there go their way.
//! 2. That call becomes `prctl(PR_GET_PDEATHSIG)`. From here to the end of 3 it handles no signal: none is delivered within a call.
//! 3. All its registers are as they were, but for the instruction pointer, which is two bytes back at the `syscall` instruction,
//!    and the call that it wanted to make is made.
//!
//! It is never moved to where it was not: a restartable sequence (rseq(2)) that it is in could not be put back.
//! The tracer is a thread of its own, with whose end the kernel lets go of whatever it still holds.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rustix::process::{waitid, WaitId, WaitIdOptions};

/// How long it may take to come to its next system call.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long a call that asks for a number may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How long it is tried again when a signal has come between.
const INSISTENCE: Duration = Duration::from_secs(1);

const SYSCALL: [u8; 2] = [0x0f, 0x05];
/// The code segment of 64-bit code.
const CODE: u64 = 0x33;
/// Below the stack pointer, functions that call none keep what they need.
const RED_ZONE: u64 = 128;

#[derive(Debug)]
pub(crate) enum Refusal {
    /// It may not be traced.
    NotPermitted,
    /// It has ended.
    Ended,
    /// A stop that is to last.
    Stopped,
    /// It does not come to a system call.
    Busy,
    /// It does not come out of one.
    Stuck,
    /// It is not 64-bit code, or the call was refused.
    Foreign(String),
    /// A signal came that can only be passed on by letting go.
    Again,
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Refusal {
        match error {
            Errno::EPERM | Errno::EACCES => Refusal::NotPermitted,
            Errno::ESRCH | Errno::ECHILD => Refusal::Ended,
            error => Refusal::Foreign(format!("ptrace: {error}")),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Foreign(format!("its memory: {error}"))
    }
}

/// The number of the signal that a thread has armed. `may_run` says of one that is stopped whether it may make a system call.
pub(crate) fn parent_death_signal(pid: i32, thread: i32, may_run: bool) -> Result<Option<i32>, Refusal> {
    let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/task/{thread}/mem"));
    let memory = memory.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Refusal::NotPermitted,
        io::ErrorKind::NotFound => Refusal::Ended,
        _ => error.into(),
    })?;
    let question = Question { thread: Pid::from_raw(thread), memory: &memory, may_run };
    let start = Instant::now();
    let mut let_go = false;
    loop {
        let answer = thread::scope(|scope| scope.spawn(|| question.ask()).join());
        match answer.unwrap_or(Err(Refusal::Stuck)) {
            answer if start.elapsed() > INSISTENCE => return answer,
            Err(Refusal::Again) => let_go = true,
            // The tracer before has not let go yet.
            Err(Refusal::NotPermitted) if let_go => thread::yield_now(),
            answer => return answer,
        }
    }
}

struct Question<'a> {
    thread: Pid,
    memory: &'a File,
    may_run: bool,
}

enum Stop {
    Call,
    Interrupted,
    WithItsGroup,
    Signal(i32),
}

impl Question<'_> {
    fn ask(&self) -> Result<Option<i32>, Refusal> {
        ptrace::seize(self.thread, Options::PTRACE_O_TRACESYSGOOD)?;
        ptrace::interrupt(self.thread)?;
        let deadline = Instant::now() + PATIENCE;
        let mut silent = Refusal::Stuck;
        while let Some(stop) = self.next_stop(deadline)? {
            silent = Refusal::Busy;
            let signal = match stop {
                Stop::Call => return self.put(),
                Stop::Interrupted => None,
                Stop::WithItsGroup if self.may_run && self.is_about_to_call()? => None,
                Stop::WithItsGroup => return Err(Refusal::Stopped),
                // nix has no name for a real-time signal. It waits for us, and goes on its way when we are gone.
                Stop::Signal(number) => Some(Signal::try_from(number).map_err(|_| Refusal::Again)?),
            };
            ptrace::syscall(self.thread, signal)?;
        }
        Err(silent)
    }

    /// Without taking note of it, so that a signal that is about to be delivered is, should this thread end.
    fn next_stop(&self, deadline: Instant) -> Result<Option<Stop>, Refusal> {
        const WALL: WaitIdOptions = WaitIdOptions::from_bits_retain(libc::__WALL as u32);
        let options =
            WALL | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT | WaitIdOptions::STOPPED | WaitIdOptions::EXITED;
        let id = rustix::process::Pid::from_raw(self.thread.as_raw()).ok_or(Refusal::Ended)?;
        loop {
            match waitid(WaitId::Pid(id), options) {
                Ok(Some(status)) => {
                    let stop = status.trapping_signal().ok_or(Refusal::Ended)?;
                    return Ok(Some(match (stop >> 8, stop & 0xff) {
                        (0, 0x85) => Stop::Call,
                        (0, signal) => Stop::Signal(signal),
                        (_, libc::SIGTRAP) => Stop::Interrupted,
                        _ => Stop::WithItsGroup,
                    }));
                }
                Ok(None) if Instant::now() > deadline => return Ok(None),
                Ok(None) => thread::sleep(Duration::from_micros(50)),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Err(Refusal::Ended),
            }
        }
    }

    fn has_call_at(&self, address: u64) -> bool {
        let mut code = [0; 2];
        self.memory.read_exact_at(&mut code, address).is_ok() && code == SYSCALL
    }

    /// Whether the first that it does is a system call, as when one was interrupted that is restarted.
    fn is_about_to_call(&self) -> Result<bool, Refusal> {
        // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK: what only the kernel sees.
        const RESTARTED: [i64; 4] = [-512, -513, -514, -516];
        let now = ptrace::getregs(self.thread)?;
        let is_in_call = now.orig_rax as i64 >= 0;
        Ok(if is_in_call { RESTARTED.contains(&(now.rax as i64)) } else { self.has_call_at(now.rip) })
    }

    /// At the beginning of a system call.
    fn put(&self) -> Result<Option<i32>, Refusal> {
        let its = ptrace::getregs(self.thread)?;
        let is_entry = its.rax as i64 == -i64::from(libc::ENOSYS);
        if its.cs != CODE || !is_entry || !self.has_call_at(its.rip - 2) {
            return Err(Refusal::Foreign("it is not 64-bit code that makes the call".into()));
        }
        let pointer = (its.rsp - RED_ZONE - 16) & !7;
        let mut kept = [0; 4];
        self.memory.read_exact_at(&mut kept, pointer)?;
        // It can be written, too, before anything is changed.
        self.memory.write_all_at(&kept, pointer)?;

        let mut ours = its;
        ours.orig_rax = libc::SYS_prctl as u64;
        (ours.rdi, ours.rsi) = (libc::PR_GET_PDEATHSIG as u64, pointer);
        let mut again = its;
        (again.rip, again.rax, again.orig_rax) = (its.rip - 2, its.orig_rax, u64::MAX);

        ptrace::setregs(self.thread, ours)?;
        let asked = self.make_call(pointer);
        self.memory.write_all_at(&kept, pointer)?;
        ptrace::setregs(self.thread, again)?;
        ptrace::detach(self.thread, None)?;
        asked
    }

    fn make_call(&self, pointer: u64) -> Result<Option<i32>, Refusal> {
        ptrace::syscall(self.thread, None)?;
        match self.next_stop(Instant::now() + ANSWER)? {
            Some(Stop::Call) => {}
            _ => return Err(Refusal::Stuck),
        }
        let result = ptrace::getregs(self.thread)?.rax as i64;
        if result != 0 {
            return Err(Refusal::Foreign(format!("prctl(PR_GET_PDEATHSIG) answers {result}")));
        }
        let mut signal = [0; 4];
        self.memory.read_exact_at(&mut signal, pointer)?;
        Ok(Some(i32::from_ne_bytes(signal)).filter(|signal| *signal != 0))
    }
}
