//! Orphans go to the nearest subreaper, so that "my parent is 1" says nothing.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, End, Harness, Tracee};

use crate::harness;

/// A subreaper, its child, and the child of that.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut subreaper = harness.actor();
    subreaper.become_subreaper();
    let mut parent = subreaper.spawn();
    let child = parent.spawn();
    (subreaper, parent, child)
}

#[test]
fn an_orphan_goes_to_the_nearest_subreaper() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    assert_eq!(child.parent(), subreaper.pid());
    assert_ne!(child.parent(), Pid::from_raw(1));
}

#[test]
fn a_child_below_a_subreaper_dies_with_its_parent() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    child.arm(Signal::SIGKILL).unwrap();
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    assert_eq!(subreaper.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn after_an_orphan_was_adopted_a_new_call_ties_it_to_its_new_parent() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    child.arm_expecting(Signal::SIGKILL, subreaper.pid().as_raw()).unwrap();
    subreaper.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_signal_that_is_survived_comes_again_when_the_new_parent_dies() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    child.catch(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    assert_eq!(child.caught(), 1);
    subreaper.kill();
    assert_eq!(child.caught(), 2);
}

#[test]
fn a_new_parent_that_was_expected_is_still_not_the_one_that_was_recorded() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    let mut held = Tracee::seize(&child);
    child.request_arm(Signal::SIGKILL, Some(subreaper.pid().as_raw() as u32));
    held.run_to_arming();
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    drop(held);
    assert_eq!(subreaper.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}
