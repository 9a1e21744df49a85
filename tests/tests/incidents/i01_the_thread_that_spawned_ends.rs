//! The thread that spawned the child ends, and the child is killed while its parent lives: a browser after 10 seconds
//! of idling (vercel-labs/agent-browser#1157), a scheduler's tasks (It4innovations/hyperqueue, release 0.21.0), workers
//! at once (golang/go#27505, containers/bubblewrap#692, o3de/o3de#19746, pando85/passless#447, seveas/python-prctl#14).
//! Cure: `watch` in the child, which waits for the process; a `Tether` in the parent, which depends on no thread.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, End, Harness, Spawning};

use crate::harness;
use crate::ACTOR;

/// With tokio it takes a `spawn_blocking`.
const HOST: &str = env!("CARGO_BIN_EXE_tokio_host");

struct Host {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Host {
    /// The host, and its child; `arguments` say how that is spawned.
    fn start<'a>(harness: &'a Harness, arguments: &[&str]) -> (Host, Actor<'a>) {
        let mut host = Command::new(HOST);
        let mut process = harness.start(host.arg(ACTOR).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut host = Host { process, stdin, stdout: BufReader::new(stdout) };
        let child = harness.accept();
        assert_eq!(host.receive(), child.pid().to_string());
        (host, child)
    }

    fn receive(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Has tokio retire the thread that spawned the child.
    fn retire_the_thread(&mut self) {
        self.stdin.write_all(b"\n").unwrap();
        assert_eq!(self.receive(), "retired");
    }

    fn lives(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn naive_the_bare_call_kills_the_child_of_a_host_that_lives() {
    let harness = harness();
    let (mut host, mut child) = Host::start(&harness, &[]);
    child.set_bare(Signal::SIGKILL as i32);
    host.retire_the_thread();
    child.await_dead();
    assert!(host.lives());
}

#[test]
fn naive_in_pre_exec_it_kills_a_worker_at_once() {
    let harness = harness();
    let mut parent = harness.actor();
    let spawning = Spawning { bare: true, on_thread: true, ..Spawning::armed(Signal::SIGKILL) };
    let child = parent.try_spawn(spawning).unwrap();
    assert_eq!(parent.wait_for_pid(child), End::Killed(Signal::SIGKILL as i32));
    parent.assert_lives();
}

#[test]
fn cure_watch() {
    let harness = harness();
    let (mut host, mut child) = Host::start(&harness, &[]);
    child.watch(Signal::SIGKILL);
    host.retire_the_thread();
    child.assert_lives();
    host.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_tether() {
    let harness = harness();
    let (mut host, mut child) = Host::start(&harness, &["tether"]);
    host.retire_the_thread();
    child.assert_lives();
    host.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
