//! What looks like an end and is none: the child lives, and still dies with its parent afterwards.

use nix::sys::signal::Signal;
use pdeathsig_tests::Actor;

use crate::harness;

fn lives_until_the_parent_is_killed(mut child: Actor<'_>, parent: Actor<'_>) {
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_parent_executes_another_program() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    let parent = parent.exec(None);
    lives_until_the_parent_is_killed(child, parent);
}

#[test]
fn the_parent_stops_and_goes_on() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    parent.send(Signal::SIGSTOP);
    parent.await_stopped();
    child.assert_lives();
    parent.send(Signal::SIGCONT);
    parent.assert_lives();
    lives_until_the_parent_is_killed(child, parent);
}

#[test]
fn another_thread_of_the_parent_ends() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    let _other = parent.spawn_on_thread();
    child.arm(Signal::SIGKILL).unwrap();
    parent.end_spawner();
    lives_until_the_parent_is_killed(child, parent);
}

#[test]
fn the_grandparent_dies() {
    let harness = harness();
    let mut grandparent = harness.actor();
    let mut parent = grandparent.spawn();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    grandparent.kill();
    lives_until_the_parent_is_killed(child, parent);
}
