//! `release`: nothing is signalled, now or later.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Cause, End};

use crate::{harness, owner};

#[test]
fn the_members_live_when_the_owner_dies() {
    for cause in [None, Some(Cause::Exit)] {
        let harness = harness();
        let mut owner = owner(&harness);
        let mut child = owner.spawn_tethered();
        let mut grandchild = child.spawn();
        let mut second = owner.spawn_tethered();
        owner.release_tether().unwrap();
        match cause {
            None => owner.kill(),
            Some(cause) => drop(owner.die(cause)),
        }
        for member in [&mut child, &mut grandchild, &mut second] {
            member.assert_lives();
        }
    }
}

#[test]
fn nothing_is_left_of_the_tether() {
    let harness = harness();
    let mut owner = harness.actor();
    let before = owner.count();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    let mut second = owner.spawn_tethered();
    owner.release_tether().unwrap();
    assert_eq!(owner.zombies(), []);
    assert_eq!(owner.count(), before);
    child.assert_lives();
    second.assert_lives();
}

#[test]
fn they_live_though_a_fork_of_the_owner_has_copies() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let fork = owner.fork();
    owner.release_tether().unwrap();
    owner.kill();
    fork.kill();
    child.assert_lives();
}

#[test]
fn without_descriptors_it_is_an_error_and_they_stay_tethered_to_the_owners_end() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.fill_descriptors();
    let error = owner.release_tether().unwrap_err();
    assert!(error.contains("ulimit -n"), "{error}");
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn in_a_fork_it_is_an_error_and_the_owners_members_stay_tethered() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    assert_eq!(owner.release_tether_in_fork(), End::Exited(0));
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
