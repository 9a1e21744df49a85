//! What an actor does that would notice interference: system calls that wait, made once, and work.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::{self, c_long};
use nix::sys::signal::{kill, Signal};
use nix::sys::time::TimeSpec;
use nix::time::{clock_nanosleep, ClockId, ClockNanosleepFlags};
use nix::unistd::{self, Pid};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::actor::Actor;
use crate::harness::until;
use crate::machine;
use crate::protocol::Request;
use crate::raw;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Workload {
    Wait(Waiting),
    /// Works until there is such a file.
    Work {
        end: PathBuf,
        raise: bool,
    },
    /// Counts a real-time signal from now on instead of dying of it.
    CatchNumber {
        signal: i32,
    },
    /// A child that waits in `vfork`.
    Vfork,
    /// Arms by the bare system call on a thread, which stays.
    ArmOnLastingThread {
        signal: i32,
    },
}

/// A call that waits, and that is made once, whatever it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Waiting {
    /// `clock_nanosleep`
    Sleep(Duration),
    /// `poll` of a pipe from which nothing comes.
    Poll(Duration),
    /// `read` of a fifo that the test has open.
    Read(PathBuf),
}

/// How work went.
#[derive(Debug, Serialize, Deserialize)]
pub struct Work {
    /// How often all of it was done.
    pub rounds: usize,
    /// What was not as it should be.
    pub mistakes: Vec<String>,
}

impl Workload {
    pub(crate) fn execute(self) -> Value {
        match self {
            Workload::Wait(waiting) => json!(waiting.wait()),
            Workload::Work { end, raise } => json!(Work::until(&end, raise)),
            Workload::CatchNumber { signal } => json!(raw::catch_number(signal)),
            Workload::Vfork => json!(raw::vforking().unwrap().as_raw()),
            Workload::ArmOnLastingThread { signal } => {
                let (sender, receiver) = mpsc::channel();
                thread::spawn(move || {
                    raw::set_bare(signal).unwrap();
                    sender.send(unistd::gettid().as_raw()).unwrap();
                    loop {
                        thread::park();
                    }
                });
                json!(receiver.recv().unwrap())
            }
        }
    }
}

impl Waiting {
    fn wait(self) -> Result<i64, String> {
        match self {
            Waiting::Sleep(time) => {
                let time = TimeSpec::from_duration(time);
                let slept = clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::empty(), &time);
                slept.map(|_| 0).map_err(|error| error.to_string())
            }
            Waiting::Poll(time) => {
                let (read, _write) = unistd::pipe().unwrap();
                let time = Timespec::try_from(time).unwrap();
                let polled = poll(&mut [PollFd::new(&read, PollFlags::IN)], Some(&time));
                polled.map(|ready| ready as i64).map_err(|error| error.to_string())
            }
            Waiting::Read(fifo) => {
                let read = File::open(fifo).and_then(|mut fifo| fifo.read(&mut [0; 8]));
                read.map(|bytes| bytes as i64).map_err(|error| error.to_string())
            }
        }
    }

    fn calls(&self) -> &'static [c_long] {
        match self {
            Waiting::Sleep(_) => &[libc::SYS_clock_nanosleep],
            Waiting::Poll(_) => machine::POLLS,
            Waiting::Read(_) => &[libc::SYS_read],
        }
    }

    /// By which the kernel goes on with it when it was interrupted.
    fn calls_again(&self) -> &'static [c_long] {
        match self {
            Waiting::Sleep(_) => &[libc::SYS_restart_syscall],
            // The kernel has written the rest of the time to where `ppoll` reads it.
            Waiting::Poll(_) => &[libc::SYS_restart_syscall, libc::SYS_ppoll],
            Waiting::Read(_) => &[libc::SYS_read],
        }
    }
}

impl Work {
    fn until(end: &Path, raise: bool) -> Work {
        let mut work = Work { rounds: 0, mistakes: Vec::new() };
        let (read, write) = unistd::pipe().unwrap();
        let (mut read, mut write) = (File::from(read), File::from(write));
        while !end.exists() && work.mistakes.len() < 10 {
            work.rounds += 1;
            let round = (work.rounds as u64).to_ne_bytes();
            let mut back = [0; 8];
            work.check("write", matches!(write.write(&round), Ok(8)));
            work.check("read", matches!(read.read(&mut back), Ok(8)) && back == round);
            work.check("getpid", unistd::getpid().as_raw() as u32 == process::id());
            let missing = fs::metadata("/no/such/file").unwrap_err();
            work.check("stat", missing.kind() == ErrorKind::NotFound);
            let short = TimeSpec::from_duration(Duration::from_micros(20));
            let slept = clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::empty(), &short);
            work.check("nanosleep", matches!(slept, Ok(_) | Err(Errno::EINTR)));
            let sum: f64 = (1..=1000).map(f64::from).sum();
            work.check("a sum", sum == 500_500.0);
            if raise {
                let before = raw::caught();
                kill(Pid::this(), Signal::SIGUSR1).unwrap();
                work.check("a signal to itself", raw::caught() == before + 1);
            }
        }
        work
    }

    fn check(&mut self, what: &str, is_right: bool) {
        if !is_right {
            self.mistakes.push(format!("{what} in the round {}", self.rounds));
        }
    }
}

impl Actor<'_> {
    /// Has it make a call that waits, and returns when it waits.
    pub fn request_wait_in(&mut self, waiting: &Waiting) {
        self.send_request(Request::Workload(Workload::Wait(waiting.clone())));
        self.await_call(waiting.calls());
    }

    /// Has it make a call in which it is stopped, and returns when it is.
    pub fn request_stop_in(&mut self, waiting: &Waiting) {
        self.send_request(Request::Workload(Workload::Wait(waiting.clone())));
        self.await_stopped();
    }

    /// Returns when it waits there again, where it was interrupted: for the rest of the time, if there is one.
    pub fn await_waits_again_in(&self, waiting: &Waiting) {
        self.await_call(waiting.calls_again());
    }

    fn await_call(&self, calls: &[c_long]) {
        self.await_call_of(self.pid(), |call| calls.contains(&call));
    }

    /// Returns when one of its threads waits in such a call.
    pub fn await_call_of(&self, thread: Pid, is_such: impl Fn(c_long) -> bool) {
        until("a thread that waits", || {
            let now = self.call_of(thread)?;
            is_such(machine::known(now[0] as c_long, now[1])).then_some(())
        });
    }

    /// The system call in which its main thread waits: the number, the arguments, the stack pointer and the instruction
    /// pointer.
    pub fn call(&self) -> Option<Vec<u64>> {
        self.call_of(self.pid())
    }

    fn call_of(&self, thread: Pid) -> Option<Vec<u64>> {
        let call = fs::read_to_string(format!("/proc/{}/task/{thread}/syscall", self.pid())).unwrap();
        let number = |text: &str| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        call.split_whitespace().map(number).collect::<Option<Vec<_>>>().filter(|call| call.len() == 9)
    }

    /// What the call answered, or its error.
    pub fn answer_to_wait_in(&mut self) -> Result<i64, String> {
        self.receive()
    }

    /// Has it work, and, if it is to, raise SIGUSR1 and see it come, until there is a file.
    pub fn request_work(&mut self, end: &Path, raise: bool) {
        self.send_request(Request::Workload(Workload::Work { end: end.to_owned(), raise }));
    }

    /// How that went.
    pub fn answer_to_work(&mut self) -> Work {
        self.receive()
    }

    /// Counts a signal from now on that has no name.
    pub fn catch_number(&mut self, signal: i32) {
        self.ask(Request::Workload(Workload::CatchNumber { signal }))
    }

    /// A child that waits in `vfork`, where nothing but SIGKILL interrupts it.
    pub fn start_vforking(&mut self) -> Pid {
        let child = Pid::from_raw(self.ask(Request::Workload(Workload::Vfork)));
        let stat = format!("/proc/{child}/stat");
        until("a process in vfork", || fs::read_to_string(&stat).unwrap().contains(") D ").then_some(()));
        child
    }

    /// The bare system call on another thread, which stays: its id.
    pub fn set_bare_on_lasting_thread(&mut self, signal: Signal) -> Pid {
        Pid::from_raw(self.ask(Request::Workload(Workload::ArmOnLastingThread { signal: signal as i32 })))
    }
}
