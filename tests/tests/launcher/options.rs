//! Each option of a launcher changes what it says: signal, grace, watched pids, background, parent.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use pdeathsig_tests::{children_of, Dies, Launched};

use crate::harness;

fn host(arguments: &[&str]) -> Command {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    host.arg("spawn").args(arguments).process_group(0);
    host
}

fn run_launcher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_run_launcher"));
    command.args(arguments).process_group(0);
    command
}

/// Says so when it gets SIGTERM, and exits.
const HANDLES_TERM: &str = "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done";

#[test]
fn the_whole_tree_gets_the_signal_when_the_owner_dies() {
    let harness = harness();
    let script = format!("setsid sh -c \"{HANDLES_TERM}\" & {HANDLES_TERM}");
    let mut launched = Launched::by_host(&harness, &mut host(&["--signal", "TERM", "bash", "-c", &script]), 2);
    launched.kill(Dies::Owner);
    assert_eq!([launched.line(), launched.line(), launched.line()], ["bye\n", "bye\n", ""]);
    assert!(harness.killed_orphans_within(Duration::from_secs(5)).is_some());
}

#[test]
fn what_does_not_end_within_the_grace_is_killed() {
    let harness = harness();
    let script = "trap '' TERM; setsid sleep 1000 & echo up; wait";
    let options = ["--signal", "TERM", "--grace", "300", "sh", "-c", script];
    let mut launched = Launched::by_host(&harness, &mut host(&options), 1);
    let begin = Instant::now();
    launched.kill(Dies::Owner);
    assert_eq!(launched.line(), "");
    assert!(harness.killed_orphans_within(Duration::from_secs(5)).is_some());
    assert!(begin.elapsed() >= Duration::from_millis(300));
}

#[test]
fn the_death_of_a_watched_process_counts_like_the_owners() {
    let harness = harness();
    let mut watched = harness.start(Command::new("sleep").arg("1000"));
    let pid = watched.id().to_string();
    let options = ["--watch-pid", &pid, "--watch-pid", &std::process::id().to_string(), "sh", "-c"];
    let mut launched = Launched::by_host(&harness, host(&options).arg("setsid sleep 1000 & echo up; wait"), 1);
    watched.kill().unwrap();
    assert_eq!(launched.line(), "signal 9\n");
    watched.wait().unwrap();
    launched.owner.wait().unwrap();
    harness.assert_no_process_is_left();
}

#[test]
fn a_watched_process_that_is_a_zombie_is_dead() {
    let harness = harness();
    let mut watched = harness.start(Command::new("sleep").arg("1000"));
    watched.kill().unwrap();
    pdeathsig_tests::until("a zombie", || {
        pdeathsig_tests::state_of(Pid::from_raw(watched.id() as i32)).filter(|state| *state == 'Z')
    });
    let output = harness.run(&mut host(&["--watch-pid", &watched.id().to_string(), "sleep", "1000"]));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "signal 9\n");
    watched.wait().unwrap();
}

#[test]
fn a_watched_process_that_does_not_exist_is_an_error() {
    let harness = harness();
    for pid in ["4194304", "0", "4294967295"] {
        let output = harness.run(host(&["--watch-pid", pid, "sleep", "1000"]).stderr(Stdio::piped()));
        let printed = String::from_utf8(output.stderr).unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "exit 125\n");
        assert!(printed.contains(pid) && printed.lines().count() == 1, "{printed}");
    }
}

#[test]
fn what_is_left_when_the_program_exits_has_a_second_to_finish() {
    let harness = harness();
    let log = harness.folder().join("log");
    let script =
        format!("exec > >(sleep 0.3; tee {} > /dev/null); for i in $(seq 1000); do echo line $i; done", log.display());
    let status = run_launcher(&["bash", "-c", &script]).status().unwrap();
    assert!(status.success());
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 1000);
    harness.assert_no_process_is_left();
}

#[test]
fn what_is_left_after_a_second_gets_sigterm_and_after_the_grace_sigkill() {
    let harness = harness();
    let script =
        format!("setsid sh -c \"{HANDLES_TERM}\" & (trap '' TERM; setsid sleep 1000 & echo up); read line; exit 5");
    let mut launched = Launched::by_test(&harness, &mut run_launcher(&["--grace", "200", "bash", "-c", &script]), 2);
    let begin = Instant::now();
    launched.close_input();
    assert_eq!(launched.line(), "bye\n");
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!(launched.owner.wait().unwrap().code(), Some(5));
    assert!(begin.elapsed() >= Duration::from_millis(1200));
    harness.assert_no_process_is_left();
}

#[test]
fn nothing_is_waited_for_when_nothing_is_left() {
    let harness = harness();
    let begin = Instant::now();
    assert!(run_launcher(&["true"]).status().unwrap().success());
    assert!(begin.elapsed() < Duration::from_millis(900));
    harness.assert_no_process_is_left();
}

#[test]
fn the_background_is_kept_if_that_is_asked_for() {
    let _harness = harness();
    let script = "setsid sh -c 'exec > /dev/null; exec sleep 1000' & exit 5";
    let begin = Instant::now();
    let status = run_launcher(&["--keep-background", "sh", "-c", script]).status().unwrap();
    assert_eq!(status.code(), Some(5));
    assert!(begin.elapsed() < Duration::from_millis(900));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(children_of(Pid::this()).len(), 1);
}

#[test]
fn the_background_dies_with_the_owner_all_the_same() {
    let harness = harness();
    let script = "setsid sleep 1000 & echo up; wait";
    let mut launched = Launched::by_host(&harness, &mut host(&["--keep-background", "sh", "-c", script]), 1);
    launched.kill(Dies::Owner);
    assert_eq!(launched.line(), "");
    assert!(harness.killed_orphans_within(Duration::from_secs(5)).is_some());
}

#[test]
fn another_executable_can_be_the_launcher() {
    let harness = harness();
    for launcher in [env!("CARGO_BIN_EXE_run_launcher"), env!("CARGO_BIN_EXE_launcher_host")] {
        let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
        // That one has not called `init`, and need not.
        let output = harness.run(host.args(["without-init", "--executable", launcher, "sh", "-c", "exit 6"]));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "exit 6\n");
    }
}

#[test]
fn it_says_why_it_ends_the_tree_and_what() {
    const SCRIPT: &str = "setsid sleep 1000 & until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done; exit 5";
    let harness = harness();
    let output = harness.run(&mut run_launcher(&["--verbose", "sh", "-c", SCRIPT]));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("exited") && printed.contains("SIGTERM") && printed.contains("(sleep)"), "{printed}");
}

#[test]
fn a_program_whose_parent_is_not_the_expected_one_does_not_start() {
    let harness = harness();
    let own = std::process::id().to_string();
    assert!(run_launcher(&["--expect-parent", &own, "true"]).status().unwrap().success());
    let output = harness.run(&mut run_launcher(&["--expect-parent", "1", "touch", "started"]));
    assert_eq!(output.status.code(), Some(125));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains(&own) && printed.lines().count() == 1, "{printed}");
    assert!(!harness.folder().join("started").exists());
}
