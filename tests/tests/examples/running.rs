//! Examples as they are run by a reader, and what they say.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::Pid;
use pdeathsig_tests::{example, Harness};

use crate::harness;

/// An example, to be run from a folder of no importance.
fn command(harness: &Harness, name: &str) -> Command {
    let mut command = Command::new(example(name));
    command.current_dir(harness.folder()).env("TMPDIR", harness.folder()).stdin(Stdio::null());
    command
}

/// What an example says when it is run by itself.
pub(crate) fn output_of(name: &str) -> String {
    let harness = harness();
    let output = harness.run(&mut command(&harness, name));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!printed.contains('\x1b'), "not plain when piped: {printed}");
    harness.assert_no_process_is_left();
    assert_no_folder_is_left(&harness);
    printed
}

/// But the socket that is the harness's own.
pub(crate) fn assert_no_folder_is_left(harness: &Harness) {
    let folders = fs::read_dir(harness.folder()).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(folders.count(), 0);
}

/// An example that is still running.
pub(crate) struct RunningExample {
    example: Child,
    lines: BufReader<UnixStream>,
    pub(crate) printed: String,
}

/// Lets an example say something for the nth time. It is a few lines ahead of us, but not more: the socket that it
/// prints to takes no more than that.
pub(crate) fn start_until(harness: &Harness, name: &str, up_to: &str, nth: usize) -> RunningExample {
    let (ours, its) = UnixStream::pair().unwrap();
    setsockopt(&its, sockopt::SndBuf, &1).unwrap();
    let example = harness.start(command(harness, name).stdout(Stdio::from(OwnedFd::from(its))));
    // Nor do we read ahead.
    let mut running = RunningExample { example, lines: BufReader::with_capacity(1, ours), printed: String::new() };
    while running.printed.matches(up_to).count() < nth {
        assert_ne!(running.lines.read_line(&mut running.printed).unwrap(), 0, "{}", running.printed);
    }
    running
}

impl RunningExample {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.example.id() as i32), signal).unwrap();
    }

    /// How it ends, when all is read that it has to say.
    pub(crate) fn end(mut self) -> ExitStatus {
        let status = self.example.wait().unwrap();
        self.lines.read_to_string(&mut self.printed).unwrap();
        status
    }
}
