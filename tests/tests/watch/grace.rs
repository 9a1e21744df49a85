//! `grace`: a process that is left after it is killed.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::Options;

use crate::harness;

const SHORT: Options = Options::WATCH.with_a_short_grace();
const LONG: Options = Options::WATCH.with_a_long_grace();

#[test]
fn a_child_that_handles_the_signal_and_runs_on_is_killed_after_the_grace() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, SHORT).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_child_that_ignores_or_blocks_the_signal_is_killed_after_the_grace() {
    for blocks in [false, true] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        if blocks {
            child.block(Signal::SIGTERM);
        } else {
            child.ignore(Signal::SIGTERM);
        }
        child.arm_with(Signal::SIGTERM, SHORT).unwrap();
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn a_child_without_a_handler_dies_of_the_signal() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGTERM, LONG).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn a_child_that_exits_within_the_grace_is_not_killed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, LONG).unwrap();
    parent.kill();
    child.await_caught(1);
    let pid = child.pid();
    assert_eq!(child.die(pdeathsig_tests::Cause::Exit), WaitStatus::Exited(pid, 3));
}

#[test]
fn without_a_grace_no_process_is_killed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.watch(Signal::SIGTERM);
    parent.kill();
    child.await_caught(1);
    child.await_no_watcher();
    child.assert_lives();
}

#[test]
fn with_sigkill_there_is_no_grace() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGKILL, LONG).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_grace_can_be_cancelled_while_it_runs() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, LONG).unwrap();
    parent.kill();
    child.await_caught(1);
    child.outlive_parent().unwrap();
    child.await_no_watcher();
    child.assert_lives();
}

#[test]
fn a_grace_can_be_replaced_while_it_runs() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, LONG).unwrap();
    parent.kill();
    child.await_caught(1);
    child.watch(Signal::SIGKILL);
    child.await_threads(2);
    child.assert_lives();
}

#[test]
fn the_longest_grace_never_ends() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, Options { grace: Some(std::time::Duration::MAX), ..Options::default() }).unwrap();
    parent.kill();
    child.await_caught(1);
    child.assert_lives();
    assert!(child.watcher().is_some());
}

#[test]
fn a_grace_of_zero_is_sigkill_at_once() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.ignore(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, Options { grace: Some(std::time::Duration::ZERO), ..Options::default() }).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
