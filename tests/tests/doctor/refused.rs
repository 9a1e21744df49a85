//! A process that cannot be asked, or must not be, is left as it is. The answer says why.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use pdeathsig_tests::{doctor, needs_root, skipped, until, ControlGroup, Refused, Tracee, Waiting};

use crate::report::{doctor_asks, harness, report_of, report_on, report_with};

#[test]
fn without_ptrace_it_is_unknown() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGKILL).unwrap();
    let report = report_with(&child, &["--no-ptrace"]);
    report.assert(&[("unknown", "armed-unknown")], &["armed", "not-armed"]);
    assert!(report.sentence("armed-unknown").contains("--no-ptrace"));
    assert_eq!(report.verdict("parent-killed").0, "unknown");
}

#[test]
fn a_process_that_is_traced_already_stays_with_its_tracer() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    let tracee = Tracee::seize(&child);
    let report = report_on(&child);
    report.assert(&[("note", "traced"), ("unknown", "armed-unknown")], &["not-armed"]);
    assert!(report.sentence("armed-unknown").contains("traces it already"));
    drop(tracee);
    child.assert_lives();
}

#[test]
fn a_process_in_a_sandbox_is_not_made_to_make_a_call() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    child.refuse(Refused::GetParentDeathSignal);
    let report = report_on(&child);
    report.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(report.sentence("armed-unknown").contains("seccomp"));
    child.assert_lives();
}

#[test]
fn another_user_has_no_permission_to_ask() {
    if !doctor_asks() || !needs_root() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGKILL).unwrap();
    // Where another user can execute it.
    let program = harness.folder().join("pdeathsig-doctor");
    fs::copy(doctor().get_program(), &program).unwrap();
    let pid = child.pid().to_string();
    let report = report_of(&harness, Command::new(program).uid(4242).gid(4242).args(["--json", &pid]));
    report.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(report.sentence("armed-unknown").contains("its user is 0 and yours is 4242"));
    child.assert_lives();
}

#[test]
fn a_process_in_uninterruptible_sleep_is_not_waited_for() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let pid = parent.start_vforking().to_string();
    let report = report_of(&harness, doctor().args(["--json", &pid]));
    report.assert(&[("note", "uninterruptible"), ("unknown", "armed-unknown")], &["not-armed"]);
    assert!(report.sentence("armed-unknown").contains("cannot be interrupted"));
    parent.assert_lives();
}

#[test]
fn a_process_that_only_computes_is_not_waited_for() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    // It ends by itself.
    let script = "ulimit -t 30; echo ready; while :; do :; done";
    let (pid, _) = parent.start("sh", &["-c", script]);
    let report = report_of(&harness, doctor().args(["--json", &pid.to_string()]));
    report.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(report.sentence("armed-unknown").contains("no system call"));
    until("the end of the trace", || {
        fs::read_to_string(format!("/proc/{pid}/status")).unwrap().contains("TracerPid:\t0\n").then_some(())
    });
}

#[test]
fn a_stopped_process_is_asked_and_stays_stopped() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let fifo = harness.folder().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let mut input = File::options().read(true).write(true).open(&fifo).unwrap();
    let mut child = harness.actor();
    child.arm(Signal::SIGTERM).unwrap();
    // Stopped in the midst of its own code it would not be asked.
    child.request_wait_in(&Waiting::Read(fifo));
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    for _ in 0..20 {
        let report = report_on(&child);
        report.assert(&[("note", "stopped"), ("good", "armed")], &["armed-unknown"]);
        assert_eq!(report.verdict("parent-killed"), ("dies", "SIGTERM"));
        child.await_stopped();
    }
    input.write_all(b"input").unwrap();
    assert!(!child.has_answered());
    child.send(Signal::SIGCONT);
    assert_eq!(child.answer_to_wait_in(), Ok(5));
}

#[test]
fn a_frozen_process_is_not_asked() {
    if !doctor_asks() {
        return;
    }
    for made in [ControlGroup::freezer, ControlGroup::freezer_of_the_second_version] {
        // Dropped after the group, which thaws: a frozen process cannot be killed.
        let harness = harness();
        let group = match made() {
            Ok(group) => group,
            Err(error) => {
                skipped(&format!("needs a control group of its own: {error}"));
                continue;
            }
        };
        let mut child = harness.actor();
        group.take(&child);
        group.freeze();
        let report = report_on(&child);
        report.assert(&[("note", "frozen"), ("unknown", "armed-unknown")], &["not-armed"]);
        assert!(report.sentence("armed-unknown").contains("frozen"));
        group.thaw();
        child.assert_lives();
    }
}

#[test]
fn a_stopped_process_with_pending_signals_is_not_asked() {
    let harness = harness();
    let mut child = harness.actor();
    child.catch(Signal::SIGUSR1);
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    child.send(Signal::SIGUSR1);
    let waits = || child.status(child.pid(), "ShdPnd").ends_with("200");
    assert!(waits());
    report_on(&child).assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    child.await_stopped();
    assert!(waits());
    child.send(Signal::SIGCONT);
    child.await_caught(1);
}

#[test]
fn a_process_whose_main_thread_has_exited_is_asked_on_another_thread() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn();
    child.set_bare_on_lasting_thread(Signal::SIGKILL);
    child.end_main_thread();
    let report = report_on(&child);
    report.assert(&[("bad", "armed-on-worker-thread")], &["dead"]);
    parent.kill();
    child.await_dead();
}

#[test]
fn a_zombie_is_dead() {
    let harness = harness();
    let mut parent = harness.actor();
    let child = parent.spawn();
    child.send(Signal::SIGKILL);
    child.await_dead();
    let report = report_on(&child);
    report.assert(&[("note", "dead")], &[]);
    assert_eq!(report.0["facts"]["state"], "zombie");
    assert!(fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap().contains(") Z "));
}
