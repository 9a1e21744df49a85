//! The examples of the child's side do what they say and leave nothing behind, even when the demo is interrupted.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;
use pdeathsig_tests::{example, in_this_order, state_of, until};

use crate::harness;
use crate::running::{output_of, start_until};

#[test]
fn the_demo_shows_an_orphan_without_protection_and_none_with_it() {
    let printed = output_of("demo");
    assert!(printed.contains("← orphan, its parent is now demo"), "{printed}");
    assert!(printed.contains("The child died with its parent"), "{printed}");
    in_this_order(
        &printed,
        &[
            "The shell and its helper live on",
            "kill -9",
            "gone            └ sleep 60",
            "The whole tree died with the host",
        ],
    );
    assert_eq!(printed.matches("kill -9").count(), 4, "{printed}");
}

/// Interrupts the demo when it has printed something for the nth time.
fn interrupted(signal: Signal, after: &str, nth: usize) {
    let harness = harness();
    let demo = start_until(&harness, "demo", after, nth);
    demo.signal(signal);
    assert_eq!(demo.end().code(), Some(128 + signal as i32));
    harness.assert_no_process_is_left();
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
    let harness = harness();
    let mut command = Command::new(example("call"));
    let mut parent = harness.start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // A child that prints has armed.
    let child = line.strip_prefix("child ").and_then(|rest| rest.split(':').next()).unwrap();
    let child = Pid::from_raw(child.parse().unwrap());
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(waitpid(child, None).unwrap(), WaitStatus::Signaled(child, Signal::SIGKILL, false));
}

#[test]
fn graceful_ends_cleanly_and_is_killed_if_it_hangs() {
    let printed = output_of("graceful");
    let asked = "SIGTERM, so no new requests";
    let clean = ["request 1", "kill -9", asked, "everything is written", "exited with the status 0"];
    in_this_order(&printed, &clean);
    in_this_order(&printed, &[clean.as_slice(), &["request 1", "kill -9", asked, "was killed by SIGKILL"]].concat());
    assert_eq!(printed.matches("everything is written").count(), 1, "{printed}");
}

#[test]
fn tokio_is_notified_without_another_thread() {
    let printed = output_of("tokio");
    in_this_order(
        &printed,
        &["piece 1, with 1 thread", "kill -9", "is gone, so this piece is the last", "exited with the status 0"],
    );
}

#[test]
fn mcp_server_ends_though_its_input_does_not() {
    let printed = output_of("mcp_server");
    in_this_order(
        &printed,
        &["kill -9", "← orphan", "waits for ever", "kill -9", "was killed by SIGKILL, though its input"],
    );
}

#[test]
fn mcp_server_serves() {
    let harness = harness();
    let mut command = Command::new(example("mcp_server"));
    let mut server = harness.start(command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()));
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

/// The complete server ends with a complete file, and its helper dies: whether its host is killed, its input ends, or
/// both at once. The host is a shell; the test has the other end of the server's input.
fn the_complete_mcp_server(host_is_killed: bool, input_ends: bool) {
    let harness = harness();
    let journal = harness.folder().join("journal");
    let mut host = Command::new("sh");
    host.args(["-c", "\"$0\" \"$1\"; exit $?"]).arg(example("mcp_server_tokio")).arg(&journal);
    let mut host = harness.start(host.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut input = host.stdin.take().unwrap();
    let mut output = BufReader::new(host.stdout.take().unwrap());
    for request in [r#"{"id":1,"method":"initialize"}"#, r#"{"id":2,"method":"ping"}"#] {
        writeln!(input, "{request}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.contains("result"), "{answer}");
    }
    let server = fs::read_to_string(format!("/proc/{0}/task/{0}/children", host.id())).unwrap();
    let server = Pid::from_raw(server.trim().parse().unwrap());
    assert!(fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap().contains(' '), "no helper");
    let mut input = Some(input);
    if host_is_killed {
        // A shell that waits might reap the server in the moment before it dies. Stopped, it does not.
        let shell = Pid::from_raw(host.id() as i32);
        kill(shell, Signal::SIGSTOP).unwrap();
        until("a stopped shell", || (state_of(shell) == Some('T')).then_some(()));
        host.kill().unwrap();
    }
    if input_ends {
        input.take();
    }
    let end = host.wait().unwrap();
    if host_is_killed {
        assert_eq!(harness.exit_status_of(server), 0);
    } else {
        assert_eq!(end.code(), Some(0));
    }
    assert_eq!(fs::read_to_string(&journal).unwrap(), "\"initialize\"\n\"ping\"\nend\n");
    // The helper would live for ten minutes.
    assert_eq!(harness.killed_orphans(), 1);
}

#[test]
fn the_complete_mcp_server_is_told_by_sigterm_that_its_host_was_killed() {
    the_complete_mcp_server(true, false);
}

#[test]
fn the_complete_mcp_server_ends_with_its_input() {
    the_complete_mcp_server(false, true);
}

#[test]
fn the_complete_mcp_server_survives_both_at_once() {
    the_complete_mcp_server(true, true);
}
