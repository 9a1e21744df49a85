//! A process started inside an existing pid namespace, as by `docker exec`, is told not to arm.

use std::process::Command;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{doctor, pdeathsig, skipped, Actor, Harness, Spawning};

use crate::report::{doctor_asks, harness, report_of, report_on, Report};

/// The first process of a pid namespace, and a runtime's helper, whose children are put into that namespace. None if
/// the machine has no namespaces.
fn container<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>)> {
    let mut helper = harness.actor();
    if !helper.try_new_pid_namespace() {
        return None;
    }
    let init = helper.spawn();
    assert_eq!(init.own_pid(), Pid::from_raw(1));
    Some((helper, init))
}

/// Nothing leads to arming, which would kill the process.
fn assert_no_advice_to_arm(report: &Report) {
    for finding in report.0["findings"].as_array().unwrap() {
        let remedy = finding["remedy"].as_str().unwrap_or_default();
        let refuses = remedy.contains("do not arm it");
        let arms = ["`die_with_parent", "#[die_with_parent]", "expected_parent", "`watch`", "DieWithParent", " arm "];
        assert!(refuses || !arms.iter().any(|advice| remedy.contains(advice)), "{finding:#}");
    }
}

#[test]
fn what_enters_a_namespace_must_not_arm() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let Some((mut helper, _init)) = container(&harness) else { return };
    let mut child = helper.spawn();
    assert_eq!(child.own_pid(), Pid::from_raw(2));
    let report = report_on(&child);
    report.assert(
        &[("note", "entered-namespace"), ("bad", "not-armed")],
        &["parent-outside", "other-pid-namespace", "init-of-namespace"],
    );
    assert!(report.sentence("entered-namespace").contains("docker exec"));
    assert_no_advice_to_arm(&report);
    assert_eq!(report.verdict("parent-killed"), ("lives", ""));
    helper.kill();
    child.assert_lives();
    // Its parent is another one now, and as far outside.
    let report = report_on(&child);
    report.assert(&[("note", "entered-namespace")], &[]);
    assert_no_advice_to_arm(&report);
}

#[test]
fn what_armed_there_dies_with_the_helper() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let Some((mut helper, _init)) = container(&harness) else { return };
    let mut child = helper.spawn();
    child.set_bare(Signal::SIGKILL as i32);
    let report = report_on(&child);
    report.assert(&[("bad", "entered-namespace"), ("good", "armed")], &["not-armed"]);
    assert_no_advice_to_arm(&report);
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGKILL"));
    helper.kill();
    child.await_dead();
}

#[test]
fn the_first_process_may_arm() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let Some((helper, mut init)) = container(&harness) else { return };
    let report = report_on(&init);
    report.assert(&[("note", "other-pid-namespace"), ("note", "init-of-namespace")], &["entered-namespace"]);
    init.arm(Signal::SIGKILL).unwrap();
    assert_eq!(report_on(&init).verdict("parent-killed"), ("dies", "SIGKILL"));
    helper.kill();
    init.await_dead();
}

#[test]
fn a_tether_does_not_reach_the_first_process() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    if !harness.run(Command::new("unshare").args(["--pid", "--fork", "true"])).status.success() {
        skipped("needs the privilege to make a pid namespace");
        return;
    }
    let mut owner = harness.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let arguments = ["--pid", "--fork", env!("CARGO_BIN_EXE_actor")].map(String::from).into();
    let mut init = owner.spawn_as(Spawning { program: Some(("unshare".into(), arguments)), ..Spawning::tethered() });
    assert_eq!(init.own_pid(), Pid::from_raw(1));
    let report = report_on(&init);
    report.assert(&[("bad", "tethered-init")], &["tethered"]);
    assert_eq!((report.verdict("tether-cut"), report.verdict("parent-killed")), (("lives", ""), ("lives", "")));
    let unshare = Pid::from_raw(report.0["facts"]["parent"]["pid"].as_i64().unwrap() as i32);
    owner.kill();
    // The tether reached what made the namespace.
    harness.reap(unshare);
    init.assert_lives();
}

#[test]
fn the_launchers_own_parent_is_not_watched_there() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let Some((mut helper, _init)) = container(&harness) else { return };
    let arguments = vec![env!("CARGO_BIN_EXE_actor").into()];
    let mut program =
        helper.spawn_as(Spawning { program: Some((pdeathsig().to_path_buf(), arguments)), ..Spawning::default() });
    let report = report_on(&program);
    report.assert(&[("good", "under-launcher"), ("note", "launcher-owner-outside")], &["not-armed"]);
    let events: Vec<_> = report.0["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["event"]).collect();
    assert!(!events.iter().any(|event| **event == "owner-killed"), "{events:?}");
    let outer = report.0["facts"]["launchers"][0]["outer"].as_i64().unwrap() as i32;
    let outers = report_of(&harness, doctor().args(["--json", &outer.to_string()]));
    outers.assert(&[("note", "entered-namespace"), ("note", "launcher-owner-outside")], &["not-armed"]);
    assert_eq!(outers.verdict("parent-killed"), ("lives", ""));
    helper.kill();
    program.assert_lives();
    assert_eq!(report_on(&program).verdict("launcher-killed"), ("dies", "SIGKILL"));
    kill(Pid::from_raw(outer), Signal::SIGKILL).unwrap();
    program.await_dead();
}

// Reaped by the harness.
#[allow(clippy::zombie_processes)]
#[test]
fn inside_the_container_the_answer_is_the_same() {
    let harness = harness();
    let flags = ["--pid", "--fork", "--kill-child", "--mount-proc"];
    if !harness.run(Command::new("unshare").args(flags).arg("true")).status.success() {
        skipped("needs the privilege to make a pid namespace");
        return;
    }
    harness.start(Command::new("unshare").args(flags).arg(env!("CARGO_BIN_EXE_actor")));
    let init = harness.accept();
    let mut exec = Command::new("nsenter");
    exec.args(["--pid", "--mount", "--target", &init.pid().to_string()]).arg(doctor().get_program()).arg("--json");
    let report = report_of(&harness, &mut exec);
    report.assert(
        &[("note", "entered-namespace"), ("bad", "not-armed"), ("unknown", "spawner-unknown")],
        &["parent-outside"],
    );
    assert_no_advice_to_arm(&report);
    assert_eq!(report.0["facts"]["parent"]["pid"], 0);
    assert_ne!(report.0["facts"]["pid"], 1);
    assert_eq!(report.verdict("parent-killed"), ("lives", ""));
}
