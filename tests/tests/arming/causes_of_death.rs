//! Whatever ends the parent, a child that armed dies of the signal it armed.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::Cause;

use crate::harness;

fn child_dies_when_its_parent_ends_by(cause: Cause, ends: impl Fn(WaitStatus) -> bool) {
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGUSR1] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm(signal).unwrap();
        let status = parent.die(cause);
        assert!(ends(status), "{status:?}");
        child.assert_dies_of(signal);
    }
}

#[test]
fn sigkill_ends_the_parent_and_the_child_dies() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_segmentation_fault_ends_the_parent_and_the_child_dies() {
    let by_segv = |status| matches!(status, WaitStatus::Signaled(_, Signal::SIGSEGV, _));
    child_dies_when_its_parent_ends_by(Cause::Segfault, by_segv);
}

#[test]
fn an_abort_ends_the_parent_and_the_child_dies() {
    let by_abort = |status| matches!(status, WaitStatus::Signaled(_, Signal::SIGABRT, _));
    child_dies_when_its_parent_ends_by(Cause::Abort, by_abort);
}

#[test]
fn a_panic_ends_the_parent_and_the_child_dies() {
    child_dies_when_its_parent_ends_by(Cause::Panic, |status| matches!(status, WaitStatus::Exited(_, 101)));
}

#[test]
fn an_exit_ends_the_parent_and_the_child_dies() {
    child_dies_when_its_parent_ends_by(Cause::Exit, |status| matches!(status, WaitStatus::Exited(_, 3)));
}

#[test]
fn the_parent_returns_from_main_and_the_child_dies() {
    child_dies_when_its_parent_ends_by(Cause::Return, |status| matches!(status, WaitStatus::Exited(_, 0)));
}

#[test]
fn an_unprotected_child_outlives_them_all() {
    for cause in [Cause::Segfault, Cause::Abort, Cause::Panic, Cause::Exit, Cause::Return] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        parent.die(cause);
        child.assert_lives();
    }
}

#[test]
fn a_grandchild_gets_no_signal() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let mut grandchild = child.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.end();
    grandchild.assert_lives();
}

#[test]
fn a_chain_in_which_each_armed_dies_link_by_link() {
    let harness = harness();
    let mut first = harness.actor();
    let mut chain = vec![first.spawn()];
    for link in 0..4 {
        chain[link].arm(Signal::SIGKILL).unwrap();
        let next = chain[link].spawn();
        chain.push(next);
    }
    chain[4].arm(Signal::SIGKILL).unwrap();
    first.kill();
    for link in chain {
        link.assert_dies_of(Signal::SIGKILL);
    }
}
