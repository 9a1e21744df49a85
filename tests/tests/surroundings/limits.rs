//! At limits of descriptors, processes, memory and stack, a tie holds or is an error that says which. Descriptors in
//! flight: `tether::many`.

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, skipped, Actor};

use crate::{assert_nothing_is_left, belongings, each_tie_holds, harness, user, Way};

/// For each way: what happens before the tie is made, and the parts of its error, none if it holds.
fn each_tie_holds_or_fails(before: impl Fn(&mut Actor<'_>), errors: [&[&str]; 7]) {
    for (way, parts) in Way::ALL.into_iter().zip(errors) {
        let harness = harness();
        let mut parent = harness.actor();
        let had = belongings(&parent);
        let tied = way.tie(&mut parent, Signal::SIGKILL, &before);
        if parts.is_empty() {
            assert_eq!(tied.error, None, "{way:?}");
            parent.kill();
            tied.child.unwrap().assert_dies_of(Signal::SIGKILL);
            continue;
        }
        let error = tied.error.unwrap_or_else(|| panic!("{way:?}: no error"));
        assert!(parts.iter().all(|part| error.contains(part)), "{way:?}: {error}");
        assert_nothing_is_left(&parent, had);
        let Some(mut child) = tied.child else { continue };
        assert_nothing_is_left(&child, had);
        assert_eq!(child.read(), Ok(None));
        parent.kill();
        child.assert_lives();
    }
}

#[test]
fn no_descriptor_may_be_opened() {
    const NONE: &[&str] = &["pidfd_open(2)", "RLIMIT_NOFILE"];
    let tether: &[&str] = &["socketpair(2)", "RLIMIT_NOFILE"];
    let errors: [&[&str]; 7] = [&[], &[], NONE, NONE, NONE, &["(os error 24)"], tether];
    each_tie_holds_or_fails(|actor| actor.lower_descriptors_to(0), errors);
}

#[test]
fn no_descriptor_may_be_opened_any_more() {
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = way.tied(&mut parent, |_| {});
        child.lower_descriptors_to(0);
        parent.lower_descriptors_to(0);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn no_process_may_be_made() {
    if !needs_root() {
        return;
    }
    const NONE: &[&str] = &["pthread_create(3)", "RLIMIT_NPROC"];
    let tether: &[&str] = &["clone(CLONE_VM | CLONE_VFORK)", "RLIMIT_NPROC"];
    let errors: [&[&str]; 7] = [&[], &[], NONE, NONE, NONE, &["temporarily unavailable"], tether];
    each_tie_holds_or_fails(|actor| actor.limit_processes(user()), errors);
}

#[test]
fn a_user_with_more_in_flight_than_the_limit_gets_a_tether_of_open_descriptors_and_what_is_there_holds() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut another = harness.actor();
    another.drop_privileges(user());
    // Fourteen in flight.
    let children = [(); 2].map(|()| {
        another.tether(Signal::SIGKILL).unwrap();
        let child = another.spawn_tethered();
        another.leak_tether();
        child
    });
    let mut owner = harness.actor();
    owner.drop_privileges(user());
    // Of which half may be in flight.
    owner.lower_descriptors_to(24);
    let (_, open) = owner.count();
    owner.tether(Signal::SIGKILL).unwrap();
    assert_eq!(owner.count().1, open + 8);
    let child = owner.spawn_tethered();
    another.kill();
    children.iter().for_each(|child| child.assert_dies_of(Signal::SIGKILL));
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn no_memory_may_be_mapped() {
    if cfg!(target_env = "musl") {
        skipped("musl maps memory for the answer of an actor");
        return;
    }
    const NONE: &[&str] = &["pthread_create(3)", "RLIMIT_AS"];
    const DESCENDANTS: &[&str] = &["mmap(2)", "RLIMIT_AS"];
    const TETHER: &[&str] = &["mmap(2)", "RLIMIT_AS"];
    let errors: [&[&str]; 7] = [&[], &[], NONE, NONE, DESCENDANTS, &[], TETHER];
    each_tie_holds_or_fails(|actor| actor.limit_address_space(0), errors);
}

#[test]
fn stacks_are_of_an_odd_size() {
    for size in [200_001, 1 << 20, 1 << 40, u64::MAX] {
        each_tie_holds(|parent| parent.limit_stack(size), |_| {});
        each_tie_holds_or_fails(|actor| actor.limit_stack(size), [&[]; 7]);
    }
}
