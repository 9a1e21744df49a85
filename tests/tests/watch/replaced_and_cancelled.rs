//! Arming again replaces, `outlive_parent` cancels, and the last call decides.

use nix::sys::signal::Signal;
use pdeathsig_tests::Options;

use crate::harness;

#[test]
fn a_cancelled_watch_does_nothing_when_the_parent_dies() {
    for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS.with_a_short_grace()] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGKILL, options).unwrap();
        child.outlive_parent().unwrap();
        parent.kill();
        // It has woken by now, and is gone.
        child.await_no_watcher();
        child.assert_lives();
    }
}

#[test]
fn cancelling_off_the_main_thread_is_an_error_and_cancels_nothing() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    child.outlive_parent_on_thread().unwrap_err();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_second_watch_replaces_the_signal_and_needs_no_second_thread() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    for _ in 0..10 {
        child.watch(Signal::SIGKILL);
    }
    child.watch(Signal::SIGUSR2);
    assert_eq!(child.threads().len(), 2);
    parent.kill();
    child.assert_dies_of(Signal::SIGUSR2);
}

#[test]
fn a_second_watch_replaces_the_options() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let mut grandchild = child.spawn();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    child.watch(Signal::SIGKILL);
    parent.kill();
    child.end();
    grandchild.assert_lives();
}

#[test]
fn after_a_cancel_it_can_be_armed_again() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    for _ in 0..10 {
        child.watch(Signal::SIGKILL);
        child.outlive_parent().unwrap();
    }
    child.watch(Signal::SIGKILL);
    assert_eq!(child.threads().len(), 2);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_kernels_signal_replaces_a_watch() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.catch(Signal::SIGUSR1);
    child.watch(Signal::SIGTERM);
    child.ignore(Signal::SIGTERM);
    child.arm(Signal::SIGUSR1).unwrap();
    child.catch(Signal::SIGTERM);
    parent.kill();
    child.await_no_watcher();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_signal_that_was_survived_can_be_armed_for_the_process_that_has_adopted_the_child() {
    let harness = harness();
    let mut subreaper = harness.actor();
    subreaper.become_subreaper();
    let mut parent = subreaper.spawn();
    let mut child = parent.spawn();
    child.catch(Signal::SIGTERM);
    child.watch(Signal::SIGTERM);
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    child.await_caught(1);
    child.watch(Signal::SIGKILL);
    subreaper.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_survived_signal_does_not_come_again_when_the_new_parent_dies() {
    let harness = harness();
    let mut subreaper = harness.actor();
    subreaper.become_subreaper();
    let mut parent = subreaper.spawn();
    let mut child = parent.spawn();
    child.catch(Signal::SIGTERM);
    child.watch(Signal::SIGTERM);
    parent.send(Signal::SIGKILL);
    subreaper.wait_for(&parent);
    child.await_caught(1);
    child.await_no_watcher();
    subreaper.kill();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_fork_is_not_watched_and_can_watch_for_itself() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let mut fork = child.fork();
    assert_eq!(fork.watcher(), None);
    // Of no effect on the watch of the one that forked, nor stopped by it.
    fork.outlive_parent().unwrap();
    fork.watch(Signal::SIGUSR2);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    fork.assert_dies_of(Signal::SIGUSR2);
}

#[test]
fn a_fork_in_another_pid_namespace_that_has_the_same_number_can_watch_for_itself() {
    let harness = harness();
    let mut outer = harness.actor();
    if !outer.try_new_pid_namespace() {
        return;
    }
    let mut first = outer.spawn();
    let mut second = first.spawn();
    second.watch(Signal::SIGKILL);
    second.new_pid_namespace().unwrap();
    let mut first_within = second.fork();
    let mut second_within = first_within.fork();
    assert_eq!((second.own_pid(), second.parent()), (second_within.own_pid(), second_within.parent()));
    second_within.watch(Signal::SIGKILL);
    assert!(second_within.watcher().is_some());
}

#[test]
fn what_lasts_as_long_as_a_grace_is_not_taken_from_the_next_one() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    let options = Options::DESCENDANTS.with_a_long_grace();
    child.arm_with(Signal::SIGTERM, options).unwrap();
    parent.kill();
    child.await_caught(1);
    for _ in 0..10 {
        // A parent that is not there, so that the next grace begins at once.
        child.arm_with(Signal::SIGTERM, Options { expected_parent: Some(i32::MAX as u32), ..options }).unwrap();
        child.await_threads(2);
        assert!(child.is_subreaper());
    }
    child.outlive_parent().unwrap();
    assert!(!child.is_subreaper());
}
