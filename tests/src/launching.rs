//! A launcher as programs of the tests ask for it: by options, then the program and its arguments.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::Pid;
use pdeathsig::Launcher;

use crate::harness::{await_readable, until, Harness};
use crate::ways::Dies;

/// This program's arguments, without its name. In a program without std's runtime, std knows of none with musl, and
/// `/proc` tells them.
pub fn own_arguments() -> Vec<OsString> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    if !arguments.is_empty() {
        return arguments;
    }
    let line = fs::read("/proc/self/cmdline").unwrap();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|byte| *byte == 0).skip(1).map(|argument| OsString::from_vec(argument.to_owned())).collect()
}

/// The launcher that the first arguments describe, and the other arguments, of which the first is a program.
pub fn launcher_of_arguments(arguments: impl IntoIterator<Item = OsString>) -> (Launcher, Vec<OsString>) {
    let mut launcher = Launcher::new();
    let mut arguments = arguments.into_iter();
    let mut rest = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().and_then(|value| value.into_string().ok()).expect("an option has a value");
        match argument.to_str() {
            Some("--signal") => launcher = launcher.signal(value().parse().expect("a signal")),
            Some("--grace") => launcher = launcher.grace(Duration::from_millis(value().parse().expect("milliseconds"))),
            Some("--watch-pid") => launcher = launcher.watch_pid(value().parse().expect("a pid")),
            Some("--executable") => launcher = launcher.executable(value()),
            Some("--keep-background") => launcher = launcher.keep_background(),
            Some("--verbose") => launcher = launcher.__verbose(),
            Some("--expect-parent") => launcher = launcher.__expected_parent(value().parse().expect("a pid")),
            _ => {
                rest.push(argument);
                break;
            }
        }
    }
    rest.extend(arguments);
    (launcher, rest)
}

/// A running launcher, its owner and its program.
#[derive(Debug)]
pub struct Launched {
    /// The process that the test started.
    pub owner: Child,
    /// The child of the owner.
    pub outer: Pid,
    /// The child of `outer`.
    pub inner: Pid,
    /// The child of `inner`.
    pub program: Pid,
    output: BufReader<ChildStdout>,
}

impl Launched {
    /// Starts a `launcher_host`, and waits for so many lines of the tree, each of which says that a process is up.
    pub fn by_host(harness: &Harness, host: &mut Command, lines: usize) -> Launched {
        let mut owner = harness.start(host.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let output = owner.stdout.take().unwrap();
        // It may have had other children before.
        Launched::of(owner, only_child, output, lines)
    }

    /// Starts a `run_launcher`, whose owner is the test.
    pub fn by_test(harness: &Harness, launcher: &mut Command, lines: usize) -> Launched {
        let mut outer = harness.start(launcher.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let output = outer.stdout.take().unwrap();
        Launched::of(outer, |outer| outer, output, lines)
    }

    /// The same where the owner is another process than the one that the test started.
    pub fn of_owner(owner: Pid, output: ChildStdout, started: Child, lines: usize) -> Launched {
        Launched::of(started, |_| only_child(owner), output, lines)
    }

    fn of(owner: Child, outer: impl Fn(Pid) -> Pid, output: ChildStdout, lines: usize) -> Launched {
        let mut output = BufReader::new(output);
        for _ in 0..lines {
            assert_eq!(line_of(&mut output), "up\n");
        }
        let outer = outer(Pid::from_raw(owner.id() as i32));
        let inner = only_child(outer);
        let program = until("the program", || children_of(inner).into_iter().min());
        Launched { owner, outer, inner, program, output }
    }

    /// The next line of the tree's or the owner's standard output; empty at its end.
    pub fn line(&mut self) -> String {
        line_of(&mut self.output)
    }

    /// The pid of one of its processes; the owner is the process that the test started.
    pub fn pid_of(&self, dies: Dies) -> Pid {
        match dies {
            Dies::Owner | Dies::OwnersGroup => Pid::from_raw(self.owner.id() as i32),
            Dies::Outer => self.outer,
            Dies::Inner => self.inner,
            Dies::Program => self.program,
        }
    }

    /// Sends it SIGKILL.
    pub fn kill(&self, dies: Dies) {
        let send = if dies == Dies::OwnersGroup { killpg } else { kill };
        send(self.pid_of(dies), Signal::SIGKILL).unwrap();
    }

    /// Closes the standard input of the tree.
    pub fn close_input(&mut self) {
        drop(self.owner.stdin.take());
    }

    /// Writes a line to the standard input of the tree.
    pub fn write_line(&mut self, line: &str) {
        let mut input = self.owner.stdin.as_ref().unwrap();
        input.write_all(line.as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
    }
}

fn line_of(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    if output.buffer().is_empty() {
        await_readable(output.get_ref(), "a line of the tree");
    }
    output.read_line(&mut line).unwrap();
    line
}

/// The only child of a process, once it has one.
pub fn only_child(parent: Pid) -> Pid {
    until("a child", || children_of(parent).into_iter().next())
}

/// The children of the main thread of a process.
pub fn children_of(parent: Pid) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

/// The state of a process, as in `ps`: `T` is stopped.
pub fn state_of(process: Pid) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}
