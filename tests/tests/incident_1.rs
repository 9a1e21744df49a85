//! The thread that spawned the child ends, and the child is killed while its parent lives: a browser after 10 seconds of
//! idling (vercel-labs/agent-browser#1157), a scheduler's tasks after 10 seconds (It4innovations/hyperqueue, release 0.21.0), workers
//! at once (golang/go#27505, containers/bubblewrap#692). With tokio it takes a `spawn_blocking`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{Actor, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const HOST: &str = env!("CARGO_BIN_EXE_tokio_host");

struct Host {
    process: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Host {
    fn start(stage: &Stage) -> (Host, Actor<'_>) {
        let mut host = Command::new(HOST);
        let mut process = stage.start(host.arg(ACTOR).stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (told, says) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut host = Host { process, told, says: BufReader::new(says) };
        let child = stage.enter();
        assert_eq!(host.hear(), child.pid().to_string());
        (host, child)
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Has tokio retire the thread that spawned the child.
    fn retire_the_thread(&mut self) {
        self.told.write_all(b"\n").unwrap();
        assert_eq!(self.hear(), "retired");
    }

    fn lives(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn killed(child: &Actor<'_>) -> WaitStatus {
    WaitStatus::Signaled(child.pid(), Signal::SIGKILL, false)
}

#[test]
fn the_bare_call_kills_a_child_whose_host_lives() {
    let stage = Stage::open(ACTOR);
    let (mut host, mut child) = Host::start(&stage);
    child.set_bare(Signal::SIGKILL as i32);
    host.retire_the_thread();
    child.await_dead();
    assert!(host.lives());
}

#[test]
fn so_does_the_call_without_watch_as_is_documented() {
    let stage = Stage::open(ACTOR);
    let (mut host, mut child) = Host::start(&stage);
    child.arm(Signal::SIGKILL).unwrap();
    host.retire_the_thread();
    child.await_dead();
    assert!(host.lives());
}

#[test]
fn watch_is_the_cure() {
    let stage = Stage::open(ACTOR);
    let (mut host, mut child) = Host::start(&stage);
    child.watch(Signal::SIGKILL);
    host.retire_the_thread();
    child.assert_lives();
    host.kill();
    assert_eq!(child.end(), killed(&child));
}

#[test]
fn a_child_can_find_out_that_it_needs_it() {
    let stage = Stage::open(ACTOR);
    let (mut host, mut child) = Host::start(&stage);
    let parent = child.pin().unwrap();
    assert_eq!(parent, host.process.id());
    let thread = child.spawner_thread().unwrap();
    assert!(thread.is_some_and(|thread| thread != parent), "{thread:?}");
    assert!(host.lives());
}
