//! A parent that dies before or while `watch` is armed counts: the signal comes, with all options.

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Boundary, End, Harness, Options, Tracee};

use crate::harness;

/// Kills the parent while the child's main thread is held, and answers with the child's end.
fn parent_dies_while_child_is_held(at: impl Fn(Boundary) -> bool) {
    for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
        for signal in [Signal::SIGKILL, Signal::SIGTERM] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            let mut held = Tracee::seize(&child);
            child.request_arm_with(signal, options);
            held.run_to(&at);
            parent.kill();
            drop(held);
            child.assert_dies_of(signal);
        }
    }
}

#[test]
fn a_parent_that_dies_before_it_is_pinned_is_not_survived() {
    parent_dies_while_child_is_held(|at| matches!(at, Boundary::Entry(libc::SYS_pidfd_open, _)));
}

#[test]
fn a_parent_that_dies_before_the_thread_is_created_is_not_survived() {
    parent_dies_while_child_is_held(|at| matches!(at, Boundary::Entry(libc::SYS_clone3 | libc::SYS_clone, _)));
}

#[test]
fn a_parent_that_dies_while_the_kernels_signal_is_cleared_is_not_survived() {
    let set = libc::PR_SET_PDEATHSIG as u64;
    parent_dies_while_child_is_held(|at| at == Boundary::Entry(libc::SYS_prctl, set));
}

#[test]
fn an_expected_parent_that_died_before_the_call_is_not_survived() {
    for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
        for signal in [Signal::SIGKILL, Signal::SIGTERM] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            let expected_parent = Some(parent.pid().as_raw() as u32);
            parent.kill();
            child.request_arm_with(signal, Options { expected_parent, ..options });
            child.assert_dies_of(signal);
        }
    }
}

#[test]
fn a_parent_that_died_before_the_call_and_was_not_expected_is_survived() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    parent.kill();
    child.watch(Signal::SIGKILL);
    child.assert_lives();
}

#[test]
fn the_expected_parent_is_watched() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let expected_parent = Some(parent.pid().as_raw() as u32);
    child.arm_with(Signal::SIGKILL, Options { expected_parent, ..Options::WATCH }).unwrap();
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

fn wrong(child: &Actor<'_>, options: Options) -> Options {
    Options { expected_parent: Some(child.pid().as_raw() as u32), ..options }
}

#[test]
fn a_wrong_parent_counts_as_dead_though_the_real_one_lives() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.request_arm_with(Signal::SIGKILL, wrong(&child, Options::WATCH));
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn a_wrong_parent_counts_as_dead_also_when_the_real_one_is_watched_already() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGUSR1);
    child.request_arm_with(Signal::SIGKILL, wrong(&child, Options::WATCH));
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn the_call_returns_when_the_signal_was_handled() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, wrong(&child, Options::WATCH)).unwrap();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_wrong_parent_starts_the_grace_too() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, wrong(&child, Options::WATCH.with_a_short_grace())).unwrap();
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn a_wrong_parent_ends_descendants_too() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    let grandchild = child.spawn();
    child.request_arm_with(Signal::SIGKILL, wrong(&child, Options::DESCENDANTS));
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
    grandchild.assert_dies_of(Signal::SIGKILL);
}

/// A child whose watching thread knows that the parent is gone, and has not acted yet.
fn parent_is_gone_and_the_thread_is_held(harness: &Harness, signal: Signal) -> (Actor<'_>, Tracee) {
    let (parent, mut child) = harness.parent_and_child();
    child.watch(signal);
    let mut held = Tracee::seize_thread(child.watcher().unwrap());
    parent.kill();
    held.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_getppid, _)));
    (child, held)
}

#[test]
fn a_watch_can_be_cancelled_when_its_thread_has_woken() {
    let harness = harness();
    let (mut child, held) = parent_is_gone_and_the_thread_is_held(&harness, Signal::SIGKILL);
    child.outlive_parent().unwrap();
    drop(held);
    child.await_no_watcher();
    child.assert_lives();
}
