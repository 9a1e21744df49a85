//! Whatever ends the parent, a child that armed dies of the signal it armed.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::Cause;

use crate::harness;

#[test]
fn whatever_ends_the_parent_the_child_dies_of_the_signal_it_armed() {
    let by_signal =
        |signal| move |status: WaitStatus| matches!(status, WaitStatus::Signaled(_, its, _) if its == signal);
    let exit = |code| move |status: WaitStatus| matches!(status, WaitStatus::Exited(_, its) if its == code);
    type Ends = Box<dyn Fn(WaitStatus) -> bool>;
    let causes: [(Cause, Ends); 5] = [
        (Cause::Segfault, Box::new(by_signal(Signal::SIGSEGV))),
        (Cause::Abort, Box::new(by_signal(Signal::SIGABRT))),
        (Cause::Panic, Box::new(exit(101))),
        (Cause::Exit, Box::new(exit(3))),
        (Cause::Return, Box::new(exit(0))),
    ];
    for (cause, ends) in causes {
        for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGUSR1] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            child.arm(signal).unwrap();
            let status = parent.die(cause);
            assert!(ends(status), "{status:?}");
            child.assert_dies_of(signal);
        }
    }
}

#[test]
fn a_killed_parent_takes_the_child_along() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
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
