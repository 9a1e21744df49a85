//! Examples as they are run by a reader, and what they say.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::Pid;
use pdeathsig_tests::Stage;

mod program;

pub(crate) use program::{example, stage};

/// An example, to be run from a folder of no importance.
fn command(stage: &Stage, name: &str) -> Command {
    let mut command = Command::new(example(name));
    command.current_dir(stage.folder()).env("TMPDIR", stage.folder()).stdin(Stdio::null());
    command
}

/// What an example says when it is run by itself.
pub(crate) fn said(name: &str) -> String {
    let stage = stage();
    let output = stage.run(&mut command(&stage, name));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains('\x1b'), "not plain when piped: {said}");
    stage.assert_nobody_is_left();
    assert_no_folder_is_left(&stage);
    said
}

/// But the socket that is the stage's own.
pub(crate) fn assert_no_folder_is_left(stage: &Stage) {
    let folders = fs::read_dir(stage.folder()).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(folders.count(), 0);
}

/// An example that is in the middle of its show.
pub(crate) struct Show {
    example: Child,
    lines: BufReader<UnixStream>,
    pub(crate) said: String,
}

/// Lets an example say something for the nth time. It is a few lines ahead of us, but not more: the socket that it
/// prints to takes no more than that.
pub(crate) fn begun(stage: &Stage, name: &str, up_to: &str, nth: usize) -> Show {
    let (ours, its) = UnixStream::pair().unwrap();
    setsockopt(&its, sockopt::SndBuf, &1).unwrap();
    let example = stage.start(command(stage, name).stdout(Stdio::from(OwnedFd::from(its))));
    // Nor do we read ahead.
    let mut show = Show { example, lines: BufReader::with_capacity(1, ours), said: String::new() };
    while show.said.matches(up_to).count() < nth {
        assert_ne!(show.lines.read_line(&mut show.said).unwrap(), 0, "{}", show.said);
    }
    show
}

impl Show {
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.example.id() as i32), signal).unwrap();
    }

    /// How it ends, when all is read that it has to say.
    pub(crate) fn end(mut self) -> ExitStatus {
        let status = self.example.wait().unwrap();
        self.lines.read_to_string(&mut self.said).unwrap();
        status
    }
}
