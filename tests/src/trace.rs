//! Holding an actor before or after a system call.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use nix::errno::Errno;
use nix::libc::{self, c_long};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

use crate::actor::Actor;
use crate::harness::deadline;
use crate::raw;

/// Where a traced process is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Just before a system call with this number and first argument.
    Entry(c_long, u64),
    /// Just after one that returned this.
    Exit(i64),
}

/// A process that goes from boundary to boundary as the test says, until this is dropped.
#[derive(Debug)]
pub struct Tracee {
    pid: Pid,
    /// A thread waits for the drop of this, and kills the process if it takes too long: a wait for it has no limit.
    _held: Sender<()>,
}

impl Tracee {
    /// Takes hold of an actor that waits for a request.
    pub fn seize(actor: &Actor<'_>) -> Tracee {
        Tracee::seize_thread(actor.pid())
    }

    /// Takes hold of a thread, whatever it does.
    pub fn seize_thread(pid: Pid) -> Tracee {
        ptrace::seize(pid, options()).unwrap();
        ptrace::interrupt(pid).unwrap();
        let tracee = Tracee::new(pid);
        assert!(matches!(wait(pid), WaitStatus::PtraceEvent(..)));
        tracee
    }

    fn new(pid: Pid) -> Tracee {
        let (held, dropped) = mpsc::channel();
        thread::spawn(move || {
            if dropped.recv_timeout(deadline()) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{pid} was held for {:?}, and is killed", deadline());
                let _ = kill(pid, Signal::SIGKILL);
            }
        });
        Tracee { pid, _held: held }
    }

    /// Runs to the next boundary.
    pub fn step(&mut self) -> Boundary {
        self.step_unless_ended().unwrap_or_else(|| panic!("{} ended", self.pid))
    }

    /// The same; none at its end.
    pub fn step_unless_ended(&mut self) -> Option<Boundary> {
        let mut signal = None;
        loop {
            // It may have been killed since.
            let _ = ptrace::syscall(self.pid, signal);
            match wait(self.pid) {
                WaitStatus::PtraceSyscall(_) => return Some(raw::boundary(self.pid)),
                WaitStatus::Stopped(_, sent) => signal = Some(sent),
                WaitStatus::PtraceEvent(..) => signal = None,
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return None,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Runs to where it makes a process, and takes hold of that instead, at its birth.
    pub fn follow(self) -> Tracee {
        self.follow_to([libc::PTRACE_EVENT_VFORK, libc::PTRACE_EVENT_FORK])
    }

    /// Runs to where it makes a thread, and takes hold of that instead, at its birth.
    pub fn follow_to_thread(self) -> Tracee {
        ptrace::setoptions(self.pid, options() | Options::PTRACE_O_TRACECLONE).unwrap();
        let thread = self.follow_to([libc::PTRACE_EVENT_CLONE; 2]);
        ptrace::setoptions(thread.pid, options()).unwrap();
        thread
    }

    fn follow_to(self, events: [i32; 2]) -> Tracee {
        self.born(events)
    }

    fn born(&self, events: [i32; 2]) -> Tracee {
        loop {
            ptrace::syscall(self.pid, None).unwrap();
            if matches!(wait(self.pid), WaitStatus::PtraceEvent(_, _, event) if events.contains(&event)) {
                let born = Pid::from_raw(ptrace::getevent(self.pid).unwrap() as i32);
                let tracee = Tracee::new(born);
                wait(born);
                return tracee;
            }
        }
    }

    /// Runs to where it makes a process, which goes its own way; the id of that.
    pub fn pass_birth(&mut self) -> Pid {
        self.born([libc::PTRACE_EVENT_VFORK, libc::PTRACE_EVENT_FORK]).pid
    }

    /// What it makes from now on goes its own way.
    pub fn alone(self) -> Tracee {
        ptrace::setoptions(self.pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
        self
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Runs to where a signal is about to be delivered, which is kept from it for now; if it is stopped before, it goes
    /// on.
    pub fn run_to_signal(&mut self) -> Signal {
        loop {
            ptrace::cont(self.pid, None).unwrap();
            match wait(self.pid) {
                WaitStatus::Stopped(_, Signal::SIGSTOP) | WaitStatus::PtraceEvent(..) => {}
                WaitStatus::Stopped(_, sent) => return sent,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Delivers one, and lets it run.
    pub fn deliver(&mut self, signal: Signal) {
        ptrace::cont(self.pid, signal).unwrap();
    }

    /// Waits until it is killed where it is held, with its process.
    pub fn await_killed(self) {
        let end = self.end();
        assert!(matches!(end, WaitStatus::Signaled(..)), "{end:?}");
    }

    /// Waits until its process has exited while it was held.
    pub fn await_gone(self) {
        self.end();
    }

    fn end(self) -> WaitStatus {
        loop {
            match wait(self.pid) {
                end @ (WaitStatus::Signaled(..) | WaitStatus::Exited(..)) => return end,
                // Linux 5.10 tells of the end of the system call too, at which a killed thread does not stop.
                WaitStatus::PtraceSyscall(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Has the thread exit in place of the system call that it stands before, as a sandbox does that kills the thread.
    pub fn exit_here(self) {
        raw::change_call(self.pid, libc::SYS_exit);
    }

    /// Runs to just before `prctl(PR_SET_PDEATHSIG)`.
    pub fn run_to_arming(&mut self) {
        const SET: u64 = libc::PR_SET_PDEATHSIG as u64;
        self.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_prctl, SET)));
    }

    /// Runs to the first boundary of that kind.
    pub fn run_to(&mut self, wanted: impl Fn(Boundary) -> bool) {
        while !wanted(self.step()) {}
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        match ptrace::detach(self.pid, None::<Signal>) {
            // It may have been killed where it was held.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn options() -> Options {
    Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_EXITKILL
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEFORK
}

fn wait(pid: Pid) -> WaitStatus {
    waitpid(pid, Some(WaitPidFlag::__WALL)).unwrap()
}
