//! The examples tell the truth and leave nothing behind; the demo not even when it is interrupted.

use std::io::{BufRead, BufReader, Read, Write};
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
    // Nor do we read ahead.
    let mut lines = BufReader::with_capacity(1, ours);
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

/// What an example says when it is run by itself.
fn said(name: &str) -> String {
    let stage = stage();
    let output = stage.run(Command::new(example(name)).current_dir(stage.folder()).stdin(Stdio::null()));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    stage.assert_nobody_is_left();
    said
}

fn in_this_order(said: &str, lines: &[&str]) {
    let mut rest = said;
    for line in lines {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no {line:?} in the rest of\n{said}")).1;
    }
}

#[test]
fn graceful_ends_cleanly_and_is_killed_if_it_hangs() {
    let said = said("graceful");
    let asked = "SIGTERM, so no new requests";
    let clean = ["request 1", "kill -9", asked, "everything is written", "exited with the status 0"];
    in_this_order(&said, &clean);
    in_this_order(&said, &[clean.as_slice(), &["request 1", "kill -9", asked, "was killed by SIGKILL"]].concat());
    assert_eq!(said.matches("everything is written").count(), 1, "{said}");
}

#[test]
fn tokio_hears_of_it_without_another_thread() {
    let said = said("tokio");
    in_this_order(
        &said,
        &["piece 1, with 1 thread", "kill -9", "is gone, so this piece is the last", "exited with the status 0"],
    );
}

#[test]
fn mcp_server_ends_though_its_input_does_not() {
    let said = said("mcp_server");
    in_this_order(
        &said,
        &["kill -9", "← orphan", "waits for ever", "kill -9", "was killed by SIGKILL, though its input"],
    );
}

#[test]
fn mcp_server_serves() {
    let stage = stage();
    let mut command = Command::new(example("mcp_server"));
    let mut server = stage.start(command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()));
    let requests = [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":"two","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"no/such"}"#,
    ];
    let mut input = server.stdin.take().unwrap();
    requests.iter().for_each(|request| writeln!(input, "{request}").unwrap());
    drop(input);
    let output = server.wait_with_output().unwrap();
    let answers: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(output.status.success());
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "clock");
    assert_eq!((&answers[1]["id"], &answers[1]["result"]["tools"][0]["name"]), (&"two".into(), &"time".into()));
    assert_eq!(answers[2]["error"]["code"], -32601);
}
