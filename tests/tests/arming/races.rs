//! No child survives a parent that dies at any system call of arming.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Boundary, Tracee};

use crate::harness;

/// Kills the parent while the child is held, and answers with the child's end.
fn parent_dies_while_child_is_held(signal: Signal, hold: impl Fn(&mut Tracee)) {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let mut held = Tracee::seize(&child);
    child.request_arm(signal, None);
    hold(&mut held);
    parent.kill();
    drop(held);
    child.assert_dies_of(signal);
}

#[test]
fn a_parent_that_dies_just_before_prctl_is_not_survived() {
    parent_dies_while_child_is_held(Signal::SIGKILL, Tracee::run_to_arming);
    parent_dies_while_child_is_held(Signal::SIGTERM, Tracee::run_to_arming);
}

#[test]
fn a_parent_that_dies_just_after_prctl_is_not_survived() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        parent_dies_while_child_is_held(signal, |held| {
            held.run_to_arming();
            assert_eq!(held.step(), Boundary::Exit(0));
        });
    }
}

#[test]
fn a_parent_that_dies_just_before_the_comparison_is_not_survived() {
    parent_dies_while_child_is_held(Signal::SIGKILL, |held| {
        held.run_to_arming();
        assert_eq!(held.step(), Boundary::Exit(0));
        assert!(matches!(held.step(), Boundary::Entry(..)));
    });
}

#[test]
fn a_handler_catches_what_arming_sends_when_the_parent_died_before_prctl() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    let mut held = Tracee::seize(&child);
    child.request_arm(Signal::SIGTERM, None);
    held.run_to_arming();
    parent.kill();
    drop(held);
    assert_eq!(child.answer_to_arm().0, Ok(()));
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_handler_may_run_twice_when_the_parent_died_just_after_prctl() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    let mut held = Tracee::seize(&child);
    child.request_arm(Signal::SIGTERM, None);
    held.run_to_arming();
    assert_eq!(held.step(), Boundary::Exit(0));
    parent.kill();
    drop(held);
    assert_eq!(child.answer_to_arm().0, Ok(()));
    // Once from the kernel, once from itself, which cannot know of the other.
    assert_eq!(child.caught(), 2);
}
