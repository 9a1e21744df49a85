//! `outlive_parent` undoes, a second call replaces, and `parent_death_signal` tells what is armed.

use nix::sys::signal::Signal;

use crate::harness;

#[test]
fn nothing_is_armed_at_first() {
    let harness = harness();
    assert_eq!(harness.actor().read(), Ok(None));
}

#[test]
fn every_signal_that_can_be_armed_is_read_back() {
    let harness = harness();
    let mut child = harness.actor();
    for number in (1..=31).chain(34..=64) {
        child.set_bare(number);
        assert_eq!(child.read(), Ok(Some(number)));
    }
}

#[test]
fn a_signal_that_other_code_armed_and_has_no_name_here_is_an_error() {
    let harness = harness();
    let mut child = harness.actor();
    child.set_bare(33);
    let error = child.read().unwrap_err();
    assert!(error.contains("PR_GET_PDEATHSIG"), "{error}");
}

#[test]
fn a_child_that_undid_it_outlives_its_parent() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    child.outlive_parent().unwrap();
    assert_eq!(child.read(), Ok(None));
    parent.kill();
    child.assert_lives();
}

#[test]
fn what_other_code_armed_is_undone_too() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.set_bare(Signal::SIGKILL as i32);
    child.outlive_parent().unwrap();
    parent.kill();
    child.assert_lives();
}

#[test]
fn undoing_what_was_never_done_is_fine() {
    let harness = harness();
    harness.actor().outlive_parent().unwrap();
}

#[test]
fn a_second_call_replaces_the_signal() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    child.arm(Signal::SIGUSR2).unwrap();
    assert_eq!(child.read(), Ok(Some(Signal::SIGUSR2 as i32)));
    parent.kill();
    child.assert_dies_of(Signal::SIGUSR2);
}
