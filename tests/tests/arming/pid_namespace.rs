//! The first process of a pid namespace: its parent is 0 to it, and its own SIGKILL does nothing.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, End, Harness};

use crate::harness;

/// A parent and its child, the first process of a new pid namespace.
fn family<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>)> {
    let mut parent = harness.actor();
    if !parent.try_new_pid_namespace() {
        return None;
    }
    let mut child = parent.spawn();
    assert_eq!((child.own_pid(), child.parent()), (Pid::from_raw(1), Pid::from_raw(0)));
    Some((parent, child))
}

#[test]
fn the_first_process_dies_with_its_parent_though_getppid_is_0() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else {
        return;
    };
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_first_process_survives_its_own_sigkill() {
    let harness = harness();
    let Some((_parent, mut child)) = family(&harness) else { return };
    child.raise(Signal::SIGKILL);
    child.assert_lives();
}

#[test]
fn the_first_process_exits_with_137_since_its_own_sigkill_does_nothing() {
    let harness = harness();
    let Some((mut parent, mut child)) = family(&harness) else {
        return;
    };
    child.request_arm(Signal::SIGKILL, Some(4242));
    assert_eq!(parent.wait_for(&child), End::Exited(137));
}

#[test]
fn the_first_process_may_expect_the_parent_0() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    child.arm_expecting(Signal::SIGKILL, 0).unwrap();
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_parents_death_before_the_call_cannot_be_noticed() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else {
        return;
    };
    parent.kill();
    child.arm_expecting(Signal::SIGKILL, 0).unwrap();
    child.assert_lives();
}

#[test]
fn the_first_process_ignores_a_signal_without_a_handler() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    child.arm(Signal::SIGTERM).unwrap();
    parent.kill();
    child.assert_lives();
}

#[test]
fn the_first_process_handles_a_signal_with_a_handler() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    child.catch(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.kill();
    assert_eq!(child.caught(), 1);
}

#[test]
fn to_its_children_the_parent_1_is_a_parent_like_any_other() {
    let harness = harness();
    let Some((_parent, mut first)) = family(&harness) else {
        return;
    };
    let mut second = first.spawn();
    assert_eq!(second.parent(), Pid::from_raw(1));
    second.arm(Signal::SIGKILL).unwrap();
    second.arm_expecting(Signal::SIGKILL, 1).unwrap();
    second.assert_lives();
    assert_eq!(second.read(), Ok(Some(Signal::SIGKILL as i32)));
}
