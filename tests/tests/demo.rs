//! `cargo run --example demo` tells the truth and leaves nothing behind, also when it is interrupted.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;
use pdeathsig_tests::Stage;

fn stage() -> Stage {
    Stage::open(env!("CARGO_BIN_EXE_actor"))
}

fn example(name: &str) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/Cargo.toml");
    let build = escargot::CargoBuild::new().manifest_path(manifest).example(name);
    build.run().unwrap().path().to_owned()
}

/// The demo, run from a folder of no importance.
fn demo(stage: &Stage, output: Stdio) -> Child {
    let mut command = Command::new(example("demo"));
    stage.start(command.current_dir(stage.folder()).stdin(Stdio::null()).stdout(output))
}

#[test]
fn both_acts_are_shown_and_nobody_is_left() {
    let stage = stage();
    let output = demo(&stage, Stdio::piped()).wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    stage.assert_nobody_is_left();

    assert!(said.contains("← orphan, its parent is now demo"), "{said}");
    assert!(said.contains("The child died with its parent"), "{said}");
    assert_eq!((said.matches("kill -9").count(), said.matches("gone").count()), (2, 3), "{said}");
    assert!(!said.contains('\x1b'), "not plain when piped: {said}");
}

/// Interrupts the demo when it has said something for the nth time. It is a few lines ahead of us, but not more: the socket
/// that it prints to takes no more than that.
fn interrupted(signal: Signal, after: &str, nth: usize) {
    let stage = stage();
    let (ours, its) = UnixStream::pair().unwrap();
    setsockopt(&its, sockopt::SndBuf, &1).unwrap();
    let mut demo = demo(&stage, Stdio::from(OwnedFd::from(its)));
    let mut lines = BufReader::new(ours);
    let mut said = String::new();
    while said.matches(after).count() < nth {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    kill(Pid::from_raw(demo.id() as i32), signal).unwrap();
    let status = demo.wait().unwrap();
    lines.read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(128 + signal as i32), "{said}");
    stage.assert_nobody_is_left();
}

#[test]
fn interrupted_while_it_builds() {
    interrupted(Signal::SIGTERM, "Building", 1);
}

#[test]
fn interrupted_before_the_first_death() {
    interrupted(Signal::SIGINT, "main --unprotected", 1);
    interrupted(Signal::SIGQUIT, "main --unprotected", 1);
}

#[test]
fn interrupted_while_there_is_an_orphan() {
    interrupted(Signal::SIGHUP, "kill -9", 1);
}

#[test]
fn interrupted_in_the_second_act() {
    interrupted(Signal::SIGTERM, "└ main\n", 1);
}

#[test]
fn call_dies_with_its_parent_too() {
    let stage = stage();
    let mut command = Command::new(example("call"));
    let mut parent = stage.start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // A child that prints has armed.
    let child = line.strip_prefix("child ").and_then(|rest| rest.split(':').next()).unwrap();
    let child = Pid::from_raw(child.parse().unwrap());
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Signaled(child, Signal::SIGKILL, false));
}
