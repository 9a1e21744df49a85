//! A parent, its child, and that one's child.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{keep_on, Harness, Tie};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::process::{pidfd_open, pidfd_send_signal, PidfdFlags};

use super::{PEER_CHILD, PEER_PARENT};

/// A process that is not this one's child, or not yet.
pub(crate) struct Watched {
    pub(crate) pid: Pid,
    descriptor: OwnedFd,
}

/// How long a killed process may take to die.
const DEADLINE: Duration = Duration::from_secs(60);

impl Watched {
    /// Whether it dies within that time.
    pub(crate) fn dies_within(&self, time: Duration) -> bool {
        let time = Timespec::try_from(time).unwrap();
        poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], Some(&time)).unwrap() == 1
    }
}

pub(crate) struct Three {
    parent: Child,
    line: BufReader<ChildStdout>,
    /// The child, and that one's child if it was asked for.
    pub(crate) others: Vec<Watched>,
}

impl Three {
    /// Starts them; they are armed.
    pub(crate) fn start(harness: &Harness, tie: Tie, kind: &str, options: &[&str]) -> Three {
        let mut command = Command::new(PEER_PARENT);
        command.args([kind, tie.name(), PEER_CHILD, tie.name()]).args(options);
        let mut parent = harness.start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut line = BufReader::new(parent.stdout.take().unwrap());
        let others = if options.contains(&"--with-child") { 2 } else { 1 };
        let others = (0..others).map(|_| {
            let pid: i32 = receive(&mut line).parse().unwrap();
            let descriptor = pidfd_open(rustix::process::Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap();
            Watched { pid: Pid::from_raw(pid), descriptor }
        });
        Three { parent, others: others.collect(), line }
    }

    pub(crate) fn child(&self) -> &Watched {
        &self.others[0]
    }

    pub(crate) fn keep_parent_on(&self, cpu: usize) {
        keep_on(Pid::from_raw(self.parent.id() as i32), cpu);
    }

    pub(crate) fn kill_parent(&self) {
        kill(Pid::from_raw(self.parent.id() as i32), Signal::SIGKILL).unwrap();
    }

    /// Ends the thread that has spawned the child, and no other.
    pub(crate) fn end_thread(&mut self) {
        self.parent.stdin.as_ref().unwrap().write_all(b"\n").unwrap();
        assert_eq!(receive(&mut self.line), "ended");
    }

    /// Ends those that live. What is not reaped by another process is left to [`Harness::killed_orphans`].
    pub(crate) fn end(mut self) {
        self.kill_parent();
        self.parent.wait().unwrap();
        for other in &self.others {
            // By its pidfd: a wrapper may have reaped it.
            let _ = pidfd_send_signal(&other.descriptor, rustix::process::Signal::KILL);
            assert!(other.dies_within(DEADLINE), "process {} lives after SIGKILL", other.pid);
        }
    }
}

fn receive(line: &mut BufReader<ChildStdout>) -> String {
    let mut text = String::new();
    line.read_line(&mut text).unwrap();
    assert!(!text.is_empty(), "a parent has ended");
    text.trim().to_owned()
}
