//! A launcher ends as its program does.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Output, Stdio};

use crate::harness;

fn run_launcher(program: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_run_launcher"));
    command.args(program).stdin(Stdio::null());
    command
}

fn output(program: &[&str]) -> Output {
    run_launcher(program).output().unwrap()
}

fn status(program: &[&str]) -> ExitStatus {
    output(program).status
}

#[test]
fn every_exit_status_is_the_programs() {
    let harness = harness();
    for code in 0..=255 {
        assert_eq!(status(&["sh", "-c", &format!("exit {code}")]).code(), Some(code));
    }
    harness.assert_no_process_is_left();
}

#[test]
fn every_signal_that_ends_the_program_ends_the_launcher() {
    let harness = harness();
    for signal in (1..=64).filter(|signal| ![17, 18, 19, 20, 21, 22, 23, 28, 32, 33].contains(signal)) {
        let ended = status(&["sh", "-c", &format!("ulimit -c 0; kill -{signal} $$")]);
        assert_eq!(ended.signal(), Some(signal));
    }
    harness.assert_no_process_is_left();
}

#[test]
fn no_second_core_is_dumped() {
    let harness = harness();
    let mut command = run_launcher(&["sh", "-c", "ulimit -c unlimited; kill -QUIT $$"]);
    let ended = command.current_dir(harness.folder()).status().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(3), false));
}

#[test]
fn a_missing_program_is_127_and_one_line_says_which() {
    let _harness = harness();
    let ended = output(&["no-such-program"]);
    let printed = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(127));
    assert!(printed.contains("no-such-program") && printed.lines().count() == 1, "{printed}");
}

#[test]
fn a_file_that_is_no_program_is_126_and_one_line_says_which() {
    let _harness = harness();
    for file in ["/etc/passwd", "/"] {
        let ended = output(&[file]);
        let printed = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(126), "{printed}");
        assert!(printed.contains(file) && printed.lines().count() == 1, "{printed}");
    }
}

#[test]
fn the_program_may_exit_like_a_launcher_that_failed() {
    let _harness = harness();
    let ended = output(&["sh", "-c", "exit 125"]);
    assert_eq!((ended.status.code(), ended.stderr), (Some(125), Vec::new()));
}

#[test]
fn a_host_spawns_a_missing_program_and_its_child_exits_with_127() {
    let harness = harness();
    let host = |program: &[&str]| {
        let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
        let output = harness.run(host.arg("spawn").args(program).stderr(Stdio::null()));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(host(&["no-such-program"]), "exit 127\n");
    assert_eq!(host(&["sh", "-c", "exit 3"]), "exit 3\n");
    assert_eq!(host(&["sh", "-c", "kill -15 $$"]), "signal 15\n");
}

#[test]
fn a_reader_sees_end_of_file_as_soon_as_the_program_closes_its_output() {
    let harness = harness();
    let mut command = run_launcher(&["sh", "-c", "exec >&-; read line; exit 5"]);
    let mut child = harness.start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut printed = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut printed).unwrap();
    assert_eq!((printed.as_str(), child.try_wait().unwrap()), ("", None));
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn a_large_output_passes() {
    let _harness = harness();
    let ended = output(&["sh", "-c", "head -c 5000000 /dev/zero"]);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 5_000_000));
}

#[test]
fn the_first_name_of_the_program_can_be_another() {
    let _harness = harness();
    let mut command = run_launcher(&["sh", "-c", "exit 6"]);
    assert_eq!(command.arg0("anything").status().unwrap().code(), Some(6));
}
