//! What the attribute does when the program runs; what it accepts is in `attribute_compiles`.

use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{refusing, Refused, Stage};

#[test]
fn an_annotated_program_dies_with_its_parent() {
    let stage = Stage::open(env!("CARGO_BIN_EXE_actor"));
    let mut parent = stage.actor();
    let child = parent.spawn();
    let mut child = child.exec(Some(env!("CARGO_BIN_EXE_annotated_actor").into()));
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
    parent.kill();
    assert_eq!(child.end(), WaitStatus::Signaled(child.pid(), Signal::SIGKILL, false));
}

/// Runs a program for which the system call fails.
fn run_refused(program: &str) -> Output {
    let output = refusing(&mut Command::new(program), Refused::SetParentDeathSignal).output();
    output.unwrap()
}

fn said(name: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = format!("{name}: cannot tie this process to its parent: prctl(PR_SET_PDEATHSIG) was refused: ");
    assert!(said.starts_with(&expected) && said.ends_with('\n') && said.lines().count() == 1, "{said}");
}

#[test]
fn on_error_exit_says_so_and_the_body_never_runs() {
    let output = run_refused(env!("CARGO_BIN_EXE_on_error_exit"));
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    said("on_error_exit", &output);
}

#[test]
fn exit_is_the_default() {
    let output = run_refused(env!("CARGO_BIN_EXE_annotated"));
    assert_eq!(output.status.code(), Some(1));
    said("annotated", &output);
}

#[test]
fn on_error_warn_says_so_and_goes_on() {
    let output = run_refused(env!("CARGO_BIN_EXE_on_error_warn"));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    said("on_error_warn", &output);
}

#[test]
fn on_error_ignore_goes_on_in_silence() {
    let output = run_refused(env!("CARGO_BIN_EXE_on_error_ignore"));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    assert_eq!(&*output.stderr, b"");
}

#[test]
fn the_body_runs_when_nothing_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_on_error_exit")).output().unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    assert_eq!(&*output.stderr, b"");
}
