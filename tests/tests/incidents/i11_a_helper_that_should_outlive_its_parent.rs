//! A runtime arms the signal in all that it forks. One of these is a helper that should finish its work when the
//! runtime is gone, and is killed in the middle of it; or at once, by the end of the process in between through which
//! it became a daemon, though the runtime lives: DataDog/libdatadog#2348, below FrankenPHP. Cure: `outlive_parent` in
//! the helper.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Cause, Harness, Spawning};

use crate::harness;

/// A process whose runtime arms the signal in all that it starts, and a helper that it has started.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>) {
    let mut parent = harness.actor();
    let mut helper = parent.spawn_as(Spawning { bare: true, ..Spawning::armed(Signal::SIGKILL) });
    assert_eq!(helper.read(), Ok(Some(Signal::SIGKILL as i32)));
    (parent, helper)
}

#[test]
fn naive_the_helper_is_killed_when_its_work_begins() {
    let harness = harness();
    let (parent, helper) = family(&harness);
    parent.die(Cause::Segfault);
    helper.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn naive_in_a_session_of_its_own_it_is_killed_all_the_same() {
    let harness = harness();
    let (parent, mut helper) = family(&harness);
    helper.new_session();
    parent.die(Cause::Segfault);
    helper.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_outlive_parent() {
    let harness = harness();
    let (parent, mut helper) = family(&harness);
    helper.outlive_parent().unwrap();
    parent.die(Cause::Segfault);
    helper.assert_lives();
}

/// A runtime, a fork of it, and a fork of that, which is to be a daemon. Both are armed, as by a handler in every fork.
fn daemon(harness: &Harness) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let mut runtime = harness.actor();
    let mut between = runtime.fork();
    between.set_bare(Signal::SIGKILL as i32);
    let mut daemon = between.fork();
    daemon.set_bare(Signal::SIGKILL as i32);
    (runtime, between, daemon)
}

#[test]
fn naive_a_daemon_is_killed_by_the_end_of_the_process_in_between_though_the_runtime_lives() {
    let harness = harness();
    let (mut runtime, mut between, daemon) = daemon(&harness);
    between.request_death(Cause::Exit);
    daemon.assert_dies_of(Signal::SIGKILL);
    runtime.assert_lives();
}

#[test]
fn cure_outlive_parent_for_a_daemon() {
    let harness = harness();
    let (mut runtime, mut between, mut daemon) = daemon(&harness);
    daemon.outlive_parent().unwrap();
    between.request_death(Cause::Exit);
    runtime.wait_for(&between);
    runtime.die(Cause::Exit);
    daemon.assert_lives();
}
