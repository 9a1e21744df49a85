//! Asks a thread of another process for its parent-death signal. The kernel tells it only to that thread.
//!
//! 1. Seize the thread, interrupt it if it waits in the kernel, and let it run to its next system call. Signals that
//!    arrive on the way are delivered.
//! 2. Turn that call into `prctl(PR_GET_PDEATHSIG)`. The thread handles no signal until the end of step 3, because none
//!    is delivered within a system call.
//! 3. Restore all registers, and set the instruction pointer two bytes back, to the `syscall` instruction. The thread
//!    now makes the call that it wanted to make.
//!
//! The thread never runs code that it did not come to by itself, because a restartable sequence (rseq(2)) could not be
//! restored. The tracer is a thread of its own. When it exits, the kernel detaches whatever it still traces.

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

/// How long the thread may take to its next system call.
const NEXT_CALL: Duration = Duration::from_millis(250);
/// How long the `prctl` call may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How long to try again when signals interrupt the question.
const RETRIES: Duration = Duration::from_secs(1);

const SYSCALL: [u8; 2] = [0x0f, 0x05];
/// The code segment of 64-bit code.
const CODE: u64 = 0x33;
/// Leaf functions keep data in these bytes below the stack pointer.
const RED_ZONE: u64 = 128;

#[derive(Debug)]
pub(crate) enum Refusal {
    /// No permission to trace it.
    NotPermitted,
    /// It exited.
    Ended,
    /// It is stopped, and must stay stopped.
    Stopped,
    /// It makes no system call.
    Busy,
    /// It is in a system call that cannot be interrupted.
    Stuck,
    /// It does not run 64-bit code, or a call failed.
    Foreign(String),
    /// A signal arrived that only a detach can deliver.
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
        Refusal::Foreign(format!("its memory cannot be read or written: {error}"))
    }
}

/// The number of the signal that a thread armed. `may_run` tells whether a stopped thread may make a system call.
pub(crate) fn parent_death_signal(pid: i32, thread: i32, may_run: bool) -> Result<Option<i32>, Refusal> {
    let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/task/{thread}/mem"));
    let memory = memory.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Refusal::NotPermitted,
        io::ErrorKind::NotFound => Refusal::Ended,
        _ => error.into(),
    })?;
    let question = Question { thread: Pid::from_raw(thread), memory: &memory, may_run };
    let start = Instant::now();
    let mut detached = false;
    loop {
        let answer = thread::scope(|scope| scope.spawn(|| question.ask()).join());
        match answer.unwrap_or(Err(Refusal::Stuck)) {
            answer if start.elapsed() > RETRIES => return answer,
            Err(Refusal::Again) => detached = true,
            // The kernel has not detached the previous tracer yet.
            Err(Refusal::NotPermitted) if detached => thread::yield_now(),
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
        let deadline = Instant::now() + NEXT_CALL;
        let mut silent = Refusal::Stuck;
        while let Some(stop) = self.next_stop(deadline)? {
            silent = Refusal::Busy;
            let signal = match stop {
                Stop::Call => return self.replace_call(),
                Stop::Interrupted => None,
                Stop::WithItsGroup if self.may_run && self.is_about_to_call()? => None,
                Stop::WithItsGroup => return Err(Refusal::Stopped),
                // nix has no name for a real-time signal. It stays pending, and is delivered after the detach.
                Stop::Signal(number) => Some(Signal::try_from(number).map_err(|_| Refusal::Again)?),
            };
            ptrace::syscall(self.thread, signal)?;
        }
        Err(silent)
    }

    /// With WNOWAIT, so that a signal that is about to be delivered is not lost if this thread exits.
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

    /// Whether it makes a system call first when it runs, as a thread does whose call was interrupted and is restarted.
    fn is_about_to_call(&self) -> Result<bool, Refusal> {
        // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK, which programs never see.
        const RESTARTED: [i64; 4] = [-512, -513, -514, -516];
        let now = ptrace::getregs(self.thread)?;
        let is_in_call = now.orig_rax as i64 >= 0;
        Ok(if is_in_call { RESTARTED.contains(&(now.rax as i64)) } else { self.has_call_at(now.rip) })
    }

    /// Called at the entry of a system call.
    fn replace_call(&self) -> Result<Option<i32>, Refusal> {
        let its = ptrace::getregs(self.thread)?;
        let is_entry = its.rax as i64 == -i64::from(libc::ENOSYS);
        if its.cs != CODE || !is_entry || !self.has_call_at(its.rip - 2) {
            return Err(Refusal::Foreign("the code that makes the call is not 64-bit code".into()));
        }
        let pointer = (its.rsp - RED_ZONE - 16) & !7;
        let mut kept = [0; 4];
        self.memory.read_exact_at(&mut kept, pointer)?;
        // Check that it can be written, before anything is changed.
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
            return Err(Refusal::Foreign(format!("prctl(PR_GET_PDEATHSIG) returned {result}")));
        }
        let mut signal = [0; 4];
        self.memory.read_exact_at(&mut signal, pointer)?;
        Ok(Some(i32::from_ne_bytes(signal)).filter(|signal| *signal != 0))
    }
}
