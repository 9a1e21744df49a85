//! To the kernel a parent is a thread: its exit kills the child (a documented limit of arming without `watch`).

use nix::sys::signal::Signal;
use pdeathsig_tests::End;

use crate::harness;

#[test]
fn the_end_of_the_thread_that_spawned_it_kills_a_child_though_the_process_lives() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.arm(Signal::SIGKILL).unwrap();
    parent.end_spawner();
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
    parent.assert_lives();
}

#[test]
fn the_end_of_that_thread_changes_no_parent() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.catch(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    parent.end_spawner();
    assert_eq!((child.parent(), child.caught()), (parent.pid(), 1));
}

#[test]
fn a_program_executed_by_another_thread_of_the_parent_ends_the_one_that_spawned() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    let mut parent = parent.exec_on_thread();
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}
