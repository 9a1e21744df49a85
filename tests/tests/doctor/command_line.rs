//! The doctor examines itself, reports a missing process, and refuses wrong usage in one line.

use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{gettid, Pid};
use pdeathsig::CommandExt;
use pdeathsig_tests::{doctor, skipped};

use crate::report::{harness, output_text, report_of};

#[test]
fn without_a_number_it_examines_itself() {
    let harness = harness();
    let report = report_of(&harness, doctor().arg("--json"));
    assert_eq!(report.0["facts"]["myself"], true);
    assert_eq!(report.0["facts"]["parent"]["pid"], Pid::this().as_raw());
    assert_eq!(report.0["facts"]["parent"]["spawner"]["thread"], gettid().as_raw());
    assert_eq!(report.0["facts"]["adoption"]["subreaper"], false);
    report.assert(&[("bad", "not-armed")], &["armed-unknown"]);
}

#[test]
fn armed_by_its_parent_it_says_so() {
    let harness = harness();
    let report = report_of(&harness, doctor().arg("--json").die_with_parent(pdeathsig::Signal::TERM));
    // Tests run on threads of their own.
    report.assert(&[("good", "armed"), ("bad", "spawned-by-thread")], &["not-armed"]);
    assert_eq!(report.armed(), Signal::SIGTERM as i32);
    assert_eq!(report.verdict("spawner-thread-ends"), ("dies", "SIGTERM"));
}

#[test]
fn in_a_container_its_parent_is_outside() {
    let harness = harness();
    let flags = ["--pid", "--fork", "--mount-proc"];
    if !harness.run(Command::new("unshare").args(flags).arg("true")).status.success() {
        skipped("needs the privilege to make a pid namespace");
        return;
    }
    let report = report_of(&harness, Command::new("unshare").args(flags).arg(doctor().get_program()).arg("--json"));
    report.assert(&[("note", "parent-outside"), ("unknown", "spawner-unknown"), ("bad", "not-armed")], &["orphan"]);
    assert_eq!((&report.0["facts"]["pid"], &report.0["facts"]["parent"]["pid"]), (&1.into(), &0.into()));
}

#[test]
fn a_process_that_is_gone_is_missing() {
    let harness = harness();
    let child = harness.actor();
    let pid = child.pid().to_string();
    child.kill();
    let output = harness.run(doctor().args(["--json", &pid]));
    assert_eq!(output.status.code(), Some(2));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["missing"], "gone");
    let output = harness.run(doctor().arg(&pid));
    assert_eq!(output.status.code(), Some(2));
    let printed = output_text(&output);
    assert!(printed.contains(&format!("no process {pid}")) && printed.contains("memory.events"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
}

#[test]
fn a_thread_is_no_process() {
    let harness = harness();
    let mut child = harness.actor();
    let thread = child.set_bare_on_lasting_thread(Signal::SIGKILL);
    let output = harness.run(doctor().arg(thread.to_string()));
    assert_eq!(output.status.code(), Some(2));
    assert!(output_text(&output).contains(&format!("a thread of process {}", child.pid())));
}

#[test]
fn wrong_usage_is_one_line() {
    let harness = harness();
    for arguments in [["--jsno", "1"], ["1", "2"], ["one", "--json"], ["0", "--json"], ["-1", "--json"]] {
        let output = harness.run(doctor().args(arguments));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert_eq!(output_text(&output).lines().count(), 1, "{}", output_text(&output));
    }
}

#[test]
fn text_is_plain_when_piped_and_fits_a_terminal() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.ignore(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    let output = harness.run(doctor().arg(child.pid().to_string()));
    let printed = output_text(&output);
    assert!(!printed.contains('\x1b') && printed.contains("If the parent, actor "), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
}
