//! Under a sandbox that refuses a system call: an error that says which, and nothing half-armed.

use nix::sys::signal::Signal;
use pdeathsig_tests::{End, Refused};

use crate::harness;

#[test]
fn arming_that_is_refused_is_an_error() {
    let harness = harness();
    let mut child = harness.actor();
    child.refuse(Refused::SetParentDeathSignal);
    let error = child.arm(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("prctl(PR_SET_PDEATHSIG)") && error.contains("was refused"), "{error}");
    assert_eq!(child.read(), Ok(None));
}

#[test]
fn undoing_that_is_refused_is_an_error() {
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGTERM).unwrap();
    child.refuse(Refused::SetParentDeathSignal);
    let error = child.outlive_parent().unwrap_err();
    assert!(error.contains("prctl(PR_SET_PDEATHSIG)"), "{error}");
    assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
}

#[test]
fn reading_back_that_is_refused_is_an_error() {
    let harness = harness();
    let mut child = harness.actor();
    child.refuse(Refused::GetParentDeathSignal);
    let error = child.read().unwrap_err();
    assert!(error.contains("prctl(PR_GET_PDEATHSIG)"), "{error}");
}

#[test]
fn sending_itself_the_signal_of_a_parent_that_is_gone() {
    let harness = harness();
    let mut child = harness.actor();
    child.refuse(Refused::Kill);
    let wrong = child.pid().as_raw();
    let error = child.arm_expecting(Signal::SIGTERM, wrong).unwrap_err();
    assert!(error.contains("kill(2)"), "{error}");
    assert_eq!(child.read(), Ok(None));
}

#[test]
fn sending_itself_sigkill_ends_it_all_the_same() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::Kill);
    let wrong = child.pid().as_raw() as u32;
    child.request_arm(Signal::SIGKILL, Some(wrong));
    assert_eq!(parent.wait_for(&child), End::Exited(137));
}

#[test]
fn getpid_gettid_and_getppid() {
    for (what, call) in [
        (Refused::ThreadId, "gettid(2)"),
        (Refused::ProcessId, "getpid(2)"),
        (Refused::BothIds, "gettid(2)"),
        (Refused::ParentId, "getppid(2)"),
    ] {
        let harness = harness();
        let mut child = harness.actor();
        child.refuse(what);
        // One that does not exist, so that a signal would follow.
        let error = child.arm_expecting(Signal::SIGTERM, i32::MAX).unwrap_err();
        assert!(error.contains(call), "{error}");
        assert_eq!(child.read(), Ok(None));
    }
}
