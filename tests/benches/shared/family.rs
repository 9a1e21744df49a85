//! An owner and its children, from the first spawn to the last death.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use pdeathsig_tests::Harness;

/// An owner and its children, which sleep.
pub(crate) struct Family {
    owner: Pid,
    number: usize,
    line: BufReader<ChildStdout>,
    pub(crate) report: Report,
}

/// What the owner says.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    /// How many it has open, and how many it had at its start.
    pub(crate) descriptors: (usize, usize),
    pub(crate) spawned_in: Duration,
}

/// How long all took from the owner's SIGKILL on.
pub(crate) struct Death {
    pub(crate) dead: Duration,
    pub(crate) reaped: Duration,
    pub(crate) anchors: usize,
}

impl Family {
    /// Starts an owner, and waits until its children are there and it has reported; or says with how many it has ended.
    // Reaped by its id, as its children are.
    #[allow(clippy::zombie_processes)]
    pub(crate) fn start(harness: &Harness, command: &mut Command, number: usize) -> Result<Family, String> {
        let mut owner = harness.start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let mut line = BufReader::new(owner.stdout.take().unwrap());
        let (mut there, mut report) = (0, String::new());
        let mut bytes = [0; 4096];
        while there < number || !report.ends_with('\n') {
            let read = line.read(&mut bytes).unwrap();
            if read == 0 {
                return Err(format!("the owner of {number} has ended with {there} there"));
            }
            for byte in &bytes[..read] {
                match byte {
                    b'.' => there += 1,
                    other => report.push(char::from(*other)),
                }
            }
        }
        let numbers: Vec<u64> = report.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let [descriptors, at_start, nanoseconds] = numbers[..] else { panic!("the owner printed {report:?}") };
        let descriptors = (descriptors as usize, at_start as usize);
        let report = Report { descriptors, spawned_in: Duration::from_nanos(nanoseconds) };
        Ok(Family { owner: Pid::from_raw(owner.id() as i32), number, line, report })
    }

    pub(crate) fn die(mut self) -> Death {
        let start = Instant::now();
        kill(self.owner, Signal::SIGKILL).unwrap();
        let left = self.line.fill_buf().unwrap().len();
        let dead = start.elapsed();
        assert_eq!(left, 0);
        self.reap(start, dead)
    }

    pub(crate) fn die_and_be_reaped(self) -> Death {
        let start = Instant::now();
        kill(self.owner, Signal::SIGKILL).unwrap();
        self.reap(start, Duration::ZERO)
    }

    fn reap(self, start: Instant, dead: Duration) -> Death {
        let (mut killed, mut anchors) = (0, 0);
        loop {
            match waitpid(None, Some(WaitPidFlag::__WALL)) {
                Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _)) => killed += 1,
                Ok(WaitStatus::Exited(_, 0)) => anchors += 1,
                Err(Errno::ECHILD) => break,
                other => panic!("another end than by SIGKILL: {other:?}"),
            }
        }
        let reaped = start.elapsed();
        assert_eq!(killed, self.number + 1);
        Death { dead, reaped, anchors }
    }
}
