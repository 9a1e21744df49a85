//! `kill(-pid)` for a child and all it started, but the child leads no process group. No group has that number: nothing
//! dies. Or the group that it is in is asked for: then its parent dies, and its siblings. Or the child is gone, and an
//! unrelated group has its number by now. Met in code that means to end a tree of processes; no public report has a
//! number.
//! Cure: `ChildExt::kill_process_group`, an error that names the remedy, `process_group(0)`; with it, the whole group
//! dies, and no other (`command::process_group`).

use nix::errno::Errno;
use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, Actor, Harness, Spawning};

use crate::harness;

/// A parent that leads a group, a child of it, and the child of that; all in that group, as it is when no call says
/// otherwise.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut parent = harness.actor();
    parent.lead_process_group();
    let mut child = parent.spawn_as(Spawning::default());
    let grandchild = child.spawn();
    (parent, child, grandchild)
}

/// What one hopes to be a child and all it started.
fn naively_kill_group_of(child: Pid) -> nix::Result<()> {
    kill(Pid::from_raw(-child.as_raw()), Signal::SIGKILL)
}

/// A child that led a group and is gone, and an unrelated process that leads one and has got its number.
fn an_unrelated_group_with_its_number<'a>(harness: &'a Harness, parent: &mut Actor<'a>) -> Actor<'a> {
    let child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    child.send(Signal::SIGKILL);
    parent.wait_for(&child);
    let mut other = harness.actor();
    let mut unrelated = other.fork_with_number(child.pid());
    unrelated.lead_process_group();
    unrelated
}

#[test]
fn naive_nothing_dies() {
    let harness = harness();
    let (_parent, mut child, mut grandchild) = family(&harness);
    assert_eq!(naively_kill_group_of(child.pid()), Err(Errno::ESRCH));
    child.assert_lives();
    grandchild.assert_lives();
}

#[test]
fn naive_the_group_that_the_child_is_in_has_its_parent_in_it_and_its_siblings() {
    let harness = harness();
    let (mut parent, child, _grandchild) = family(&harness);
    let sibling = parent.spawn();
    killpg(child.group(), Signal::SIGKILL).unwrap();
    parent.await_dead();
    sibling.await_dead();
}

#[test]
fn naive_an_unrelated_group_that_reuses_the_number_dies() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let unrelated = an_unrelated_group_with_its_number(&harness, &mut parent);
    naively_kill_group_of(unrelated.pid()).unwrap();
    unrelated.await_dead();
}

#[test]
fn cure_an_error_that_names_the_remedy_and_no_process_dies() {
    let harness = harness();
    let (mut parent, mut child, mut grandchild) = family(&harness);
    let mut sibling = parent.spawn();
    let error = parent.kill_group_of(child.pid()).unwrap_err();
    assert!(error.contains("process_group(0)"), "{error}");
    for living in [&mut parent, &mut sibling, &mut child, &mut grandchild] {
        living.assert_lives();
    }
}
