//! A process that cannot be asked, or must not be, is left as it is. The answer says why.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use pdeathsig_tests::{needs_root, skipped, until, ControlGroup, Refused, Tracee, Waiting};

use crate::exam::{doctor, examined, examined_with, found, stage};

#[test]
fn without_ptrace_it_is_unknown() {
    let stage = stage();
    let mut child = stage.actor();
    child.arm(Signal::SIGKILL).unwrap();
    let exam = examined_with(&child, &["--no-ptrace"]);
    exam.assert(&[("unknown", "armed-unknown")], &["armed", "not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("--no-ptrace"));
    assert_eq!(exam.verdict("parent-killed").0, "unknown");
}

#[test]
fn one_that_is_traced_already_stays_with_its_tracer() {
    let stage = stage();
    let mut child = stage.actor();
    let tracee = Tracee::seize(&child);
    let exam = examined(&child);
    exam.assert(&[("note", "traced"), ("unknown", "armed-unknown")], &["not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("traces it already"));
    drop(tracee);
    child.assert_lives();
}

#[test]
fn one_in_a_sandbox_is_not_made_to_make_a_call() {
    let stage = stage();
    let mut child = stage.actor();
    child.refuse(Refused::GetParentDeathSignal);
    let exam = examined(&child);
    exam.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("seccomp"));
    child.assert_lives();
}

#[test]
fn another_user_may_not_ask() {
    if !needs_root("another_user_may_not_ask") {
        return;
    }
    let stage = stage();
    let mut child = stage.actor();
    child.arm(Signal::SIGKILL).unwrap();
    // Where another user can execute it.
    let program = stage.folder().join("pdeathsig-doctor");
    fs::copy(doctor().get_program(), &program).unwrap();
    let pid = child.pid().to_string();
    let exam = found(&stage, Command::new(program).uid(4242).gid(4242).args(["--json", &pid]));
    exam.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("its user is 0 and yours is 4242"));
    child.assert_lives();
}

#[test]
fn one_in_uninterruptible_sleep_is_not_waited_for() {
    let stage = stage();
    let mut parent = stage.actor();
    let pid = parent.start_vforking().to_string();
    let exam = found(&stage, doctor().args(["--json", &pid]));
    exam.assert(&[("note", "uninterruptible"), ("unknown", "armed-unknown")], &["not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("cannot be interrupted"));
    parent.assert_lives();
}

#[test]
fn one_that_only_computes_is_not_waited_for() {
    let stage = stage();
    let mut parent = stage.actor();
    // It ends by itself.
    let script = "ulimit -t 30; echo ready; while :; do :; done";
    let (pid, _) = parent.start("sh", &["-c", script]);
    let exam = found(&stage, doctor().args(["--json", &pid.to_string()]));
    exam.assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    assert!(exam.sentence("armed-unknown").contains("no system call"));
    until("the end of the trace", || {
        fs::read_to_string(format!("/proc/{pid}/status")).unwrap().contains("TracerPid:\t0\n").then_some(())
    });
}

#[test]
fn a_stopped_one_is_asked_and_stays_stopped() {
    let stage = stage();
    let fifo = stage.folder().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let mut input = File::options().read(true).write(true).open(&fifo).unwrap();
    let mut child = stage.actor();
    child.arm(Signal::SIGTERM).unwrap();
    // Stopped in the midst of its own code it would not be asked.
    child.tell_wait_in(&Waiting::Read(fifo));
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    for _ in 0..20 {
        let exam = examined(&child);
        exam.assert(&[("note", "stopped"), ("good", "armed")], &["armed-unknown"]);
        assert_eq!(exam.verdict("parent-killed"), ("dies", "SIGTERM"));
        child.await_stopped();
    }
    input.write_all(b"input").unwrap();
    assert!(!child.has_answered());
    child.send(Signal::SIGCONT);
    assert_eq!(child.hear_waited_in(), Ok(5));
}

#[test]
fn a_frozen_one_is_not_asked() {
    const TEST: &str = "a_frozen_one_is_not_asked";
    for made in [ControlGroup::freezer, ControlGroup::freezer_of_the_second_version] {
        // Dropped after the group, which thaws: a frozen process cannot be killed.
        let stage = stage();
        let group = match made() {
            Ok(group) => group,
            Err(error) => {
                skipped(TEST, &format!("needs a control group of its own: {error}"));
                continue;
            }
        };
        let mut child = stage.actor();
        group.take(&child);
        group.freeze();
        let exam = examined(&child);
        exam.assert(&[("note", "frozen"), ("unknown", "armed-unknown")], &["not-armed"]);
        assert!(exam.sentence("armed-unknown").contains("frozen"));
        group.thaw();
        child.assert_lives();
    }
}

#[test]
fn a_stopped_one_for_which_signals_wait_is_not_asked() {
    let stage = stage();
    let mut child = stage.actor();
    child.catch(Signal::SIGUSR1);
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    child.send(Signal::SIGUSR1);
    let waits = || child.status(child.pid(), "ShdPnd").ends_with("200");
    assert!(waits());
    examined(&child).assert(&[("unknown", "armed-unknown")], &["not-armed"]);
    child.await_stopped();
    assert!(waits());
    child.send(Signal::SIGCONT);
    child.await_caught(1);
}

#[test]
fn one_whose_main_thread_has_ended_is_asked_by_its_others() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.set_bare_on_lasting_thread(Signal::SIGKILL);
    child.end_main_thread();
    let exam = examined(&child);
    exam.assert(&[("bad", "armed-on-worker-thread")], &["dead"]);
    parent.kill();
    child.await_dead();
}

#[test]
fn a_zombie_is_dead() {
    let stage = stage();
    let mut parent = stage.actor();
    let child = parent.spawn();
    child.send(Signal::SIGKILL);
    child.await_dead();
    let exam = examined(&child);
    exam.assert(&[("note", "dead")], &[]);
    assert_eq!(exam.0["facts"]["state"], "zombie");
    assert!(fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap().contains(") Z "));
}
