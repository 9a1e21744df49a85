//! The direct child dies, killed by its parent or with it, and what it had started lives on, for hours and at full CPU:
//! majiayu000/harness#670, thrumdev/blobs#228; processkit reports `DirectChildOnly` on Linux.
//! Cure: a `Tether` in the parent (`tether::members`); `process_group` (`watch::process_group`) or `descendants` in the
//! child.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Harness, Options};

use crate::harness;

/// A parent, its child, which leads a group, and the child of that.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let (parent, mut child) = harness.parent_and_child();
    child.lead_process_group();
    let grandchild = child.spawn();
    (parent, child, grandchild)
}

#[test]
fn naive_the_parent_kills_its_child_alone() {
    let harness = harness();
    let (mut parent, child, mut grandchild) = family(&harness);
    child.send(Signal::SIGKILL);
    parent.wait_for(&child);
    grandchild.assert_lives();
}

#[test]
fn naive_the_bare_call_ends_the_child_alone() {
    let harness = harness();
    let (parent, mut child, mut grandchild) = family(&harness);
    child.set_bare(Signal::SIGKILL as i32);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_lives();
}

#[test]
fn cure_descendants_in_sessions_of_their_own_too() {
    let harness = harness();
    let (parent, mut child, mut grandchild) = family(&harness);
    grandchild.new_session();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}
