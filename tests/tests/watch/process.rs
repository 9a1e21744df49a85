//! `watch` waits for the parent's process, not for one of its threads.

use nix::sys::signal::Signal;
use pdeathsig_tests::Cause;

use crate::harness;

#[test]
fn the_child_lives_when_the_thread_that_spawned_it_exits() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.catch(Signal::SIGTERM);
    child.watch(Signal::SIGTERM);
    parent.end_spawner();
    assert_eq!(child.caught(), 0);
    child.watch(Signal::SIGKILL);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_dies_whatever_ends_its_parent() {
    for cause in [Cause::Segfault, Cause::Abort, Cause::Panic, Cause::Exit, Cause::Return] {
        for signal in [Signal::SIGKILL, Signal::SIGTERM] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            child.watch(signal);
            parent.die(cause);
            child.assert_dies_of(signal);
        }
    }
}

#[test]
fn the_child_lives_when_only_the_main_thread_of_its_parent_exits() {
    let harness = harness();
    let mut parent = harness.actor();
    let _stays = parent.spawn_on_thread();
    let mut child = parent.spawn();
    child.watch(Signal::SIGKILL);
    parent.end_main_thread();
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_lives_when_its_parent_executes_another_program() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let parent = parent.exec(None);
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_lives_when_another_thread_of_its_parent_executes_a_program() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let parent = parent.exec_on_thread();
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_lives_when_its_parent_stops_and_continues() {
    let harness = harness();
    let parent = &mut harness.actor();
    let mut child = parent.spawn();
    child.watch(Signal::SIGKILL);
    parent.send(Signal::SIGSTOP);
    parent.await_stopped();
    child.assert_lives();
    parent.send(Signal::SIGCONT);
    parent.assert_lives();
    child.assert_lives();
}

#[test]
fn a_stopped_child_dies_when_it_is_continued() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    parent.kill();
    child.await_stopped();
    child.send(Signal::SIGCONT);
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_child_that_was_stopped_and_continued_is_watched_still() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    child.send(Signal::SIGCONT);
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_kernels_signal_is_not_armed() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    assert_eq!(child.read(), Ok(None));
}

#[test]
fn the_kernels_signal_is_cleared_if_it_was_armed() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.arm(Signal::SIGTERM).unwrap();
    child.watch(Signal::SIGKILL);
    assert_eq!(child.read(), Ok(None));
    parent.end_spawner();
    child.assert_lives();
}

#[test]
fn a_handler_that_catches_runs_once_and_the_child_goes_on() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.watch(Signal::SIGTERM);
    parent.kill();
    child.await_caught(1);
    child.await_no_watcher();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_change_of_user_does_not_end_the_watch() {
    if !pdeathsig_tests::needs_root() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    child.set_user(65534);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn an_exec_ends_the_watch() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let mut child = child.exec(None);
    assert_eq!(child.watcher(), None);
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_chain_in_which_each_watches_dies_link_by_link() {
    let harness = harness();
    let mut first = harness.actor();
    let mut chain = vec![first.spawn()];
    for link in 0..4 {
        chain[link].watch(Signal::SIGKILL);
        let next = chain[link].spawn();
        chain.push(next);
    }
    chain[4].watch(Signal::SIGKILL);
    first.kill();
    for link in chain {
        link.assert_dies_of(Signal::SIGKILL);
    }
}
