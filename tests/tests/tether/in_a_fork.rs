//! Calls on a tether in a fork of the owner do not touch the owner's members.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, End, Spawning};

use crate::harness;

fn assert_nothing_happens(mut owner: Actor<'_>) {
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    let mut leader = owner.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    assert_eq!(owner.call_methods_in_fork(leader.pid()), End::Exited(0));
    child.assert_lives();
    leader.assert_lives();
    // The tether is whole.
    let another = owner.spawn_tethered();
    owner.kill();
    for member in [child, another] {
        member.assert_dies_of(Signal::SIGKILL);
    }
    leader.assert_lives();
}

#[test]
fn every_method_is_an_error_that_says_so_and_nothing_is_signalled() {
    let harness = harness();
    assert_nothing_happens(harness.actor());
}

/// The fork has the owner's number, but in another pid namespace.
#[test]
fn also_when_it_has_the_same_number() {
    let harness = harness();
    let mut parent = harness.actor();
    if !parent.try_new_pid_namespace() {
        return;
    }
    let mut owner = parent.spawn();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    owner.new_pid_namespace().unwrap();
    assert_eq!(owner.own_pid().as_raw(), 1);
    assert_eq!(owner.call_methods_in_fork(child.pid()), End::Exited(0));
    child.assert_lives();
}
