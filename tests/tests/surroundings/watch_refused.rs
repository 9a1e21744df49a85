//! What `watch` and `Parent` need may be refused: an error that says what and why, and nothing half-armed. A thread
//! that a sandbox kills: `watch::start`.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, Actor, Answer, Options, Refused};

use crate::{harness, NOBODY};

/// Nothing is armed, and no thread is left.
fn is_untied(mut child: Actor<'_>, parent: Actor<'_>) {
    assert_eq!(child.read(), Ok(None));
    child.await_threads(1);
    parent.kill();
    child.assert_lives();
}

#[test]
fn threads_are_used_up() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.limit_processes(NOBODY);
    let error = child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap_err();
    assert!(error.contains("pthread_create(3)") && error.contains("RLIMIT_NPROC"), "{error}");
    is_untied(child, parent);
}

#[test]
fn descriptors_are_used_up() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.fill_descriptors();
    let error = child.arm_with(Signal::SIGKILL, Options::WATCH).unwrap_err();
    assert!(error.contains("pidfd_open(2)") && error.contains("RLIMIT_NOFILE"), "{error}");
    assert_eq!(child.pin().unwrap_err(), error);
    is_untied(child, parent);
}

#[test]
fn the_kernel_is_older_than_5_3() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::Pidfd.by(Answer::NotThere));
    let error = child.arm_with(Signal::SIGKILL, Options::WATCH).unwrap_err();
    assert!(error.contains("pidfd_open(2)") && error.contains("Linux 5.3"), "{error}");
    assert_eq!(child.pin().unwrap_err(), error);
    is_untied(child, parent);
}

#[test]
fn a_sandbox_refuses_to_pin() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::Pidfd);
    let error = child.arm_with(Signal::SIGKILL, Options::WATCH).unwrap_err();
    assert!(error.contains("pidfd_open(2)") && error.contains("sandbox"), "{error}");
    is_untied(child, parent);
}

#[test]
fn a_sandbox_refuses_to_clear_the_kernels_signal() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::SetParentDeathSignal);
    let error = child.arm_with(Signal::SIGKILL, Options::WATCH).unwrap_err();
    assert!(error.contains("prctl(PR_SET_PDEATHSIG)"), "{error}");
    is_untied(child, parent);
}

#[test]
fn a_watch_that_was_armed_outlasts_an_error() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    child.refuse(Refused::Pidfd.by(Answer::NotThere));
    child.arm_with(Signal::SIGTERM, Options::WATCH).unwrap_err();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_parent_is_outside_the_pid_namespace() {
    let harness = harness();
    let mut parent = harness.actor();
    if !parent.try_new_pid_namespace() {
        return;
    }
    let mut child = parent.spawn();
    assert_eq!(child.parent(), Pid::from_raw(0));
    for options in [Options::WATCH, Options { expected_parent: Some(0), ..Options::WATCH }] {
        let error = child.arm_with(Signal::SIGKILL, options).unwrap_err();
        assert!(error.contains("pid namespace"), "{error}");
    }
    assert!(child.pin().unwrap_err().contains("pid namespace"));
    is_untied(child, parent);
}
