//! A handler runs once; an ignored signal does nothing; a blocked one, or a stopped child, waits until it is let
//! through.

use nix::sys::signal::Signal;

use crate::harness;

#[test]
fn a_handler_that_catches_runs_once_and_the_child_goes_on() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.kill();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_handler_that_catches_while_arming_lets_the_call_return_ok() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    let wrong = child.pid().as_raw();
    assert_eq!(child.arm_expecting(Signal::SIGTERM, wrong), Ok(()));
    assert_eq!(child.caught(), 1);
    assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
}

#[test]
fn an_ignored_signal_does_nothing() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.ignore(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_signal_that_the_parent_ignored_is_ignored_by_the_child_as_under_nohup() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.ignore(Signal::SIGHUP);
    let mut child = parent.spawn();
    child.arm(Signal::SIGHUP).unwrap();
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_blocked_signal_waits_until_it_is_let_through() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.block(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.kill();
    child.assert_lives();
    child.unblock(Signal::SIGTERM);
    child.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn a_stopped_child_dies_of_sigkill() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_stopped_child_dies_of_a_catchable_signal_once_it_is_continued() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGTERM).unwrap();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    parent.kill();
    child.await_stopped();
    child.send(Signal::SIGCONT);
    child.assert_dies_of(Signal::SIGTERM);
}
