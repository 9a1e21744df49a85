//! The direct child dies, killed by its parent or with it, and what it had started lives on, for hours and at full CPU:
//! majiayu000/harness#670, thrumdev/blobs#228; processkit reports `DirectChildOnly` on Linux.
//! Cure: a `Tether` in the parent; `process_group` or `descendants` in the child.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Options, Spawning, Stage};

use crate::ACTOR;

/// A parent, its child, which leads a group, and the child of that.
fn family(stage: &Stage) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.lead_process_group();
    let grandchild = child.spawn();
    (parent, child, grandchild)
}

#[test]
fn naive_the_parent_kills_its_child_alone() {
    let stage = Stage::open(ACTOR);
    let (mut parent, child, mut grandchild) = family(&stage);
    child.send(Signal::SIGKILL);
    parent.wait_for(&child);
    grandchild.assert_lives();
}

#[test]
fn naive_the_bare_call_ends_the_child_alone() {
    let stage = Stage::open(ACTOR);
    let (parent, mut child, mut grandchild) = family(&stage);
    child.set_bare(Signal::SIGKILL as i32);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_lives();
}

#[test]
fn cure_tether() {
    let stage = Stage::open(ACTOR);
    let mut parent = stage.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_as(Spawning::tethered());
    let grandchild = child.spawn();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_drop_of_the_tether_where_the_parent_lives() {
    let stage = Stage::open(ACTOR);
    let mut parent = stage.actor();
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
    let stage = Stage::open(ACTOR);
    let (parent, mut child, grandchild) = family(&stage);
    child.arm_with(Signal::SIGKILL, Options::PROCESS_GROUP).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_descendants_in_sessions_of_their_own_too() {
    let stage = Stage::open(ACTOR);
    let (parent, mut child, mut grandchild) = family(&stage);
    grandchild.new_session();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}
