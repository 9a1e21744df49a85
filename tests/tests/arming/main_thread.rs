//! The setting belongs to a thread of the child, so only the main one may arm.

use nix::sys::signal::Signal;

use crate::harness;

#[test]
fn arming_on_another_thread_is_an_error_that_names_both() {
    let harness = harness();
    let mut child = harness.actor();
    let error = child.arm_on_thread(Signal::SIGKILL).unwrap_err();
    let (thread, process) = error
        .strip_prefix("must be called on the main thread (this is thread ")
        .and_then(|rest| rest.split_once(')'))
        .and_then(|(ids, _)| ids.split_once(" of process "))
        .unwrap_or_else(|| panic!("{error}"));
    assert_eq!(process, child.pid().to_string());
    assert_ne!(thread, process);
}

#[test]
fn arming_on_another_thread_arms_nothing() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_on_thread(Signal::SIGKILL).unwrap_err();
    assert_eq!(child.read(), Ok(None));
    parent.kill();
    child.assert_lives();
}

#[test]
fn arming_on_another_thread_leaves_what_was_armed() {
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGTERM).unwrap();
    child.arm_on_thread(Signal::SIGKILL).unwrap_err();
    assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
}

#[test]
fn undoing_on_another_thread_is_an_error_and_undoes_nothing() {
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGTERM).unwrap();
    let error = child.outlive_parent_on_thread().unwrap_err();
    assert!(error.starts_with("must be called on the main thread"), "{error}");
    assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
}
