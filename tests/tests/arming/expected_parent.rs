//! A child that was told its parent's pid notices one that died before its first line.

use nix::sys::signal::Signal;
use pdeathsig_tests::End;

use crate::harness;

#[test]
fn the_right_parent_is_armed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_expecting(Signal::SIGKILL, parent.pid().as_raw()).unwrap();
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_parent_dead_before_the_call_is_noticed() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        let expected = parent.pid().as_raw() as u32;
        parent.kill();
        child.request_arm(signal, Some(expected));
        child.assert_dies_of(signal);
    }
}

#[test]
fn without_it_a_parent_dead_before_the_call_is_not_noticed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    parent.kill();
    child.arm(Signal::SIGKILL).unwrap();
    child.assert_lives();
}

#[test]
fn a_wrong_parent_counts_as_dead_though_the_real_one_lives() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    let wrong = child.pid().as_raw() as u32;
    child.request_arm(Signal::SIGKILL, Some(wrong));
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}
