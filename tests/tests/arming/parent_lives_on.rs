//! A stop, an exec, the exit of another thread or of the grandparent is not the parent's death.

use nix::sys::signal::Signal;
use pdeathsig_tests::Actor;

use crate::harness;

fn lives_until_the_parent_is_killed(mut child: Actor<'_>, parent: Actor<'_>) {
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_lives_when_its_parent_executes_another_program() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    let parent = parent.exec(None);
    lives_until_the_parent_is_killed(child, parent);
}

#[test]
fn the_child_lives_when_its_parent_stops_and_continues() {
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
fn the_child_lives_when_another_thread_of_its_parent_exits() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    let _other = parent.spawn_on_thread();
    child.arm(Signal::SIGKILL).unwrap();
    parent.end_spawner();
    lives_until_the_parent_is_killed(child, parent);
}

#[test]
fn the_child_lives_when_its_grandparent_dies() {
    let harness = harness();
    let mut grandparent = harness.actor();
    let mut parent = grandparent.spawn();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    grandparent.kill();
    lives_until_the_parent_is_killed(child, parent);
}
