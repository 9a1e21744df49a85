//! `process_group`: the process leads a group, and the signal goes to all of it.

use nix::sys::signal::Signal;
use nix::unistd::getpgid;
use pdeathsig_tests::{Options, Refused};

use crate::harness;

const GROUP: Options = Options::PROCESS_GROUP;

#[test]
fn the_child_becomes_the_leader_of_a_group() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    assert_ne!(getpgid(Some(child.pid())), Ok(child.pid()));
    child.arm_with(Signal::SIGKILL, GROUP).unwrap();
    assert_eq!(getpgid(Some(child.pid())), Ok(child.pid()));
}

#[test]
fn a_child_may_lead_a_group_already() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.new_session();
    child.arm_with(Signal::SIGKILL, GROUP).unwrap();
    child.arm_with(Signal::SIGKILL, GROUP).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn all_members_die_and_the_parents_group_does_not() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let mut parent = harness.actor();
        let mut sibling = parent.spawn();
        let mut child = parent.spawn();
        let mut before = child.spawn();
        child.arm_with(signal, GROUP).unwrap();
        let mut member = child.spawn();
        let of_member = member.spawn();
        parent.kill();
        child.assert_dies_of(signal);
        member.assert_dies_of(signal);
        of_member.assert_dies_of(signal);
        // One that was started before the group was made is not in it.
        before.assert_lives();
        sibling.assert_lives();
    }
}

#[test]
fn a_stopped_member_dies_of_sigkill_and_delays_no_other() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGKILL, GROUP).unwrap();
    let member = child.spawn();
    member.send(Signal::SIGSTOP);
    member.await_stopped();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    member.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_member_that_leaves_the_group_lives() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGKILL, GROUP).unwrap();
    let mut leaves = child.spawn();
    leaves.new_session();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    leaves.assert_lives();
}

#[test]
fn a_member_that_is_left_after_the_grace_is_killed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, GROUP.with_a_short_grace()).unwrap();
    let mut member = child.spawn();
    member.ignore(Signal::SIGTERM);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    member.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_handler_of_the_leader_runs_once() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, GROUP).unwrap();
    parent.kill();
    child.await_caught(1);
    child.await_no_watcher();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_child_that_has_left_its_group_dies_and_the_one_it_went_to_does_not() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let mut parent = harness.actor();
        let mut sibling = parent.spawn();
        sibling.join_process_group(sibling.pid());
        let mut child = parent.spawn();
        child.arm_with(signal, GROUP).unwrap();
        let member = child.spawn();
        child.join_process_group(sibling.pid());
        parent.kill();
        child.assert_dies_of(signal);
        member.assert_dies_of(signal);
        sibling.assert_lives();
    }
}

#[test]
fn where_no_group_may_be_made_it_is_an_error_and_nothing_is_armed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::ProcessGroup);
    let error = child.arm_with(Signal::SIGKILL, GROUP).unwrap_err();
    assert!(error.contains("setpgid(2)"), "{error}");
    child.await_threads(1);
    parent.kill();
    child.assert_lives();
}
