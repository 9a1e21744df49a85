//! "Am I an orphan?" is answered by `getppid() == 1`. Below a subreaper, as `systemd --user` is one, an orphan's parent
//! is another, and it lives on; the child of a container's first process has the parent 1, and kills itself though it
//! is no orphan: google/syzkaller#4932.
//! Cure: the parent that was recorded before arming is compared, or the one that the child was told of
//! (`arming::expected_parent`). A parent 1 is one like any other (`arming::pid_namespace`).

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, End, Harness, Orphaned, Tracee};

use crate::harness;
use crate::parent_of_a_namespace;

/// A subreaper, its child, and the child of that.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut subreaper = harness.actor();
    subreaper.become_subreaper();
    let mut parent = subreaper.spawn();
    let child = parent.spawn();
    (subreaper, parent, child)
}

/// A container's runtime, its first process, and the child of that.
fn container<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>, Actor<'a>)> {
    let mut outer = parent_of_a_namespace(harness)?;
    let mut first = outer.spawn();
    let mut child = first.spawn();
    assert_eq!((first.own_pid(), child.parent()), (Pid::from_raw(1), Pid::from_raw(1)));
    Some((outer, first, child))
}

#[test]
fn naive_an_orphan_below_a_subreaper_takes_itself_for_none_and_lives() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    child.request_set_bare_and_check(Signal::SIGKILL, Orphaned::IfParentIs(1));
    assert!(!child.answer_to_check());
    assert_eq!(child.parent(), subreaper.pid());
}

#[test]
fn naive_the_child_of_a_containers_first_process_kills_itself_though_that_lives() {
    let harness = harness();
    let Some((_outer, mut first, mut child)) = container(&harness) else { return };
    child.request_set_bare_and_check(Signal::SIGKILL, Orphaned::IfParentIs(1));
    assert_eq!(first.wait_for_own(&child), End::Killed(Signal::SIGKILL as i32));
    first.assert_lives();
}

#[test]
fn cure_the_recorded_parent_is_compared() {
    let harness = harness();
    let (mut subreaper, parent, mut child) = family(&harness);
    let mut held = Tracee::seize(&child);
    child.request_arm(Signal::SIGKILL, None);
    held.run_to_arming();
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    drop(held);
    assert_eq!(subreaper.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}
