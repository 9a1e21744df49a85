//! An annotated program dies with its parent; a refused call exits, warns or is ignored as `on_error` says.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use pdeathsig_tests::{refusing, Refused};

use crate::harness;

#[test]
fn an_annotated_program_dies_with_its_parent() {
    let harness = harness();
    let (parent, child) = harness.parent_and_child();
    let mut child = child.exec(Some(env!("CARGO_BIN_EXE_annotated_actor").into()));
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

/// A program for which the system call fails.
fn refused(program: &str) -> Command {
    let mut command = Command::new(program);
    refusing(&mut command, Refused::SetParentDeathSignal);
    command
}

fn assert_message(name: &str, output: &Output) {
    let printed = String::from_utf8_lossy(&output.stderr);
    let expected = format!("{name}: cannot tie this process to its parent: prctl(PR_SET_PDEATHSIG) was refused: ");
    assert!(printed.starts_with(&expected) && printed.ends_with('\n') && printed.lines().count() == 1, "{printed}");
}

#[test]
fn on_error_exit_says_so_and_the_body_never_runs() {
    let output = harness().run(&mut refused(env!("CARGO_BIN_EXE_on_error_exit")));
    assert_eq!((output.status.code(), &*output.stdout), (Some(1), &b""[..]));
    assert_message("on_error_exit", &output);
}

#[test]
fn on_error_exit_is_the_default() {
    let output = harness().run(&mut refused(env!("CARGO_BIN_EXE_annotated")));
    assert_eq!(output.status.code(), Some(1));
    assert_message("annotated", &output);
}

#[test]
fn on_error_warn_says_so_and_goes_on() {
    let output = harness().run(&mut refused(env!("CARGO_BIN_EXE_on_error_warn")));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    assert_message("on_error_warn", &output);
}

#[test]
fn on_error_ignore_goes_on_in_silence() {
    let output = harness().run(&mut refused(env!("CARGO_BIN_EXE_on_error_ignore")));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    assert_eq!(&*output.stderr, b"");
}

#[test]
fn the_body_runs_when_nothing_is_refused() {
    let output = harness().run(&mut Command::new(env!("CARGO_BIN_EXE_on_error_exit")));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
    assert_eq!(&*output.stderr, b"");
}

#[test]
fn a_program_without_a_name_speaks_as_pdeathsig() {
    let output = harness().run(refused(env!("CARGO_BIN_EXE_annotated")).arg0(""));
    assert_eq!(output.status.code(), Some(1));
    assert_message("pdeathsig", &output);
}

#[test]
fn a_warning_that_cannot_be_written_stops_nothing() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = harness().run(refused(env!("CARGO_BIN_EXE_on_error_warn")).stderr(full));
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"the body ran\n"[..]));
}
