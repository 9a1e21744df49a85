//! The direct child dies, killed by its parent or with it, and what it had started lives on, for hours and at full CPU:
//! majiayu000/harness#670, thrumdev/blobs#228; processkit reports `DirectChildOnly` on Linux.
//! Cure: a `Tether` in the parent; `process_group` or `descendants` in the child.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Harness, Options, Spawning};

use crate::ACTOR;

/// A parent, its child, which leads a group, and the child of that.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut parent = harness.actor();
    let mut child = parent.spawn();
    child.lead_process_group();
    let grandchild = child.spawn();
    (parent, child, grandchild)
}

#[test]
fn naive_the_parent_kills_its_child_alone() {
    let harness = Harness::open(ACTOR);
    let (mut parent, child, mut grandchild) = family(&harness);
    child.send(Signal::SIGKILL);
    parent.wait_for(&child);
    grandchild.assert_lives();
}

#[test]
fn naive_the_bare_call_ends_the_child_alone() {
    let harness = Harness::open(ACTOR);
    let (parent, mut child, mut grandchild) = family(&harness);
    child.set_bare(Signal::SIGKILL as i32);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_lives();
}

#[test]
fn cure_tether() {
    let harness = Harness::open(ACTOR);
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_as(Spawning::tethered());
    let grandchild = child.spawn();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_drop_of_the_tether_where_the_parent_lives() {
    let harness = Harness::open(ACTOR);
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_as(Spawning::tethered());
    let grandchild = child.spawn();
    parent.drop_tether();
    child.await_dead();
    grandchild.assert_dies_of(Signal::SIGKILL);
    parent.assert_lives();
}

#[test]
fn cure_process_group() {
    let harness = Harness::open(ACTOR);
    let (parent, mut child, grandchild) = family(&harness);
    child.arm_with(Signal::SIGKILL, Options::PROCESS_GROUP).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_descendants_in_sessions_of_their_own_too() {
    let harness = Harness::open(ACTOR);
    let (parent, mut child, mut grandchild) = family(&harness);
    grandchild.new_session();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}
