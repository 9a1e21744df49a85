//! The doctor examines itself, and processes that do not exist.

use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{gettid, Pid};
use pdeathsig::CommandExt;
use pdeathsig_tests::skipped;

use crate::exam::{doctor, found, said, stage};

#[test]
fn without_a_number_it_examines_itself() {
    let stage = stage();
    let exam = found(&stage, doctor().arg("--json"));
    assert_eq!(exam.0["facts"]["myself"], true);
    assert_eq!(exam.0["facts"]["parent"]["pid"], Pid::this().as_raw());
    assert_eq!(exam.0["facts"]["parent"]["spawner"]["thread"], gettid().as_raw());
    assert_eq!(exam.0["facts"]["adoption"]["subreaper"], false);
    exam.assert(&[("bad", "not-armed")], &["armed-unknown"]);
}

#[test]
fn armed_by_its_parent_it_says_so() {
    let stage = stage();
    let exam = found(&stage, doctor().arg("--json").die_with_parent(pdeathsig::Signal::TERM));
    // Tests run on threads of their own.
    exam.assert(&[("good", "armed"), ("bad", "spawned-by-thread")], &["not-armed"]);
    assert_eq!(exam.armed(), Signal::SIGTERM as i32);
    assert_eq!(exam.verdict("spawner-thread-ends"), ("dies", "SIGTERM"));
}

#[test]
fn in_a_container_its_parent_is_outside() {
    let stage = stage();
    let flags = ["--pid", "--fork", "--mount-proc"];
    if !stage.run(Command::new("unshare").args(flags).arg("true")).status.success() {
        skipped("in_a_container_its_parent_is_outside", "needs the privilege to make a pid namespace");
        return;
    }
    let exam = found(&stage, Command::new("unshare").args(flags).arg(doctor().get_program()).arg("--json"));
    exam.assert(&[("note", "parent-outside"), ("unknown", "spawner-unknown"), ("bad", "not-armed")], &["orphan"]);
    assert_eq!((&exam.0["facts"]["pid"], &exam.0["facts"]["parent"]["pid"]), (&1.into(), &0.into()));
}

#[test]
fn one_that_is_gone_is_missing() {
    let stage = stage();
    let child = stage.actor();
    let pid = child.pid().to_string();
    child.kill();
    let output = stage.run(doctor().args(["--json", &pid]));
    assert_eq!(output.status.code(), Some(2));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["missing"], "gone");
    let output = stage.run(doctor().arg(&pid));
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains(&format!("no process {pid}")) && said.contains("memory.events"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
}

#[test]
fn a_thread_is_no_process() {
    let stage = stage();
    let mut child = stage.actor();
    let thread = child.set_bare_on_lasting_thread(Signal::SIGKILL);
    let output = stage.run(doctor().arg(thread.to_string()));
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains(&format!("a thread of process {}", child.pid())));
}

#[test]
fn wrong_usage_is_told_in_one_line() {
    let stage = stage();
    for arguments in [["--jsno", "1"], ["1", "2"], ["one", "--json"], ["0", "--json"], ["-1", "--json"]] {
        let output = stage.run(doctor().args(arguments));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    }
}

#[test]
fn text_is_plain_when_piped_and_fits_a_terminal() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn_on_thread();
    child.ignore(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    let output = stage.run(doctor().arg(child.pid().to_string()));
    let said = said(&output);
    assert!(!said.contains('\x1b') && said.contains("If the parent, actor "), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
}
