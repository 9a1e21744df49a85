//! `descendants`, `process_group` and `grace` together: what gets which signal, and when.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{Actor, Cause, Harness, Options};

use crate::harness;

const GROUP: Options = Options::PROCESS_GROUP;
const DESCENDANTS: Options = Options::DESCENDANTS;
const BOTH: Options = Options { process_group: true, ..DESCENDANTS };

/// A parent, its child, and a member of the child's group.
fn family(harness: &Harness, options: Options) -> (Actor<'_>, Actor<'_>, Actor<'_>) {
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGTERM, options).unwrap();
    let member = child.spawn();
    (parent, child, member)
}

#[test]
fn a_child_without_a_handler_is_signalled_after_the_grace_of_the_others() {
    for options in [GROUP, DESCENDANTS, BOTH] {
        let harness = harness();
        let (parent, child, mut member) = family(&harness, options.with_a_short_grace());
        member.ignore(Signal::SIGTERM);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        member.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn it_is_signalled_when_the_others_have_exited() {
    for options in [GROUP, DESCENDANTS, BOTH] {
        let harness = harness();
        let (parent, mut child, mut member) = family(&harness, options.with_a_long_grace());
        member.catch(Signal::SIGTERM);
        parent.kill();
        member.await_caught(1);
        child.assert_lives();
        // It is the child's, which has not ended, to reap.
        member.request_death(Cause::Exit);
        child.assert_dies_of(Signal::SIGTERM);
        assert_eq!(member.end(), WaitStatus::Exited(member.pid(), 3));
    }
}

#[test]
fn it_is_signalled_at_once_when_there_are_no_others() {
    for options in [GROUP, DESCENDANTS, BOTH] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGTERM, options.with_a_long_grace()).unwrap();
        parent.kill();
        child.assert_dies_of(Signal::SIGTERM);
    }
}

#[test]
fn cancelled_before_it_is_signalled_it_gets_no_signal() {
    let harness = harness();
    let (parent, mut child, mut member) = family(&harness, BOTH.with_a_long_grace());
    member.catch(Signal::SIGTERM);
    parent.kill();
    member.await_caught(1);
    child.outlive_parent().unwrap();
    child.await_no_watcher();
    member.assert_lives();
    child.assert_lives();
}

#[test]
fn a_child_that_handles_the_signal_gets_it_with_the_others() {
    for options in [GROUP, DESCENDANTS, BOTH] {
        let harness = harness();
        let (parent, mut child, mut member) = family(&harness, options.with_a_long_grace());
        child.catch(Signal::SIGTERM);
        member.catch(Signal::SIGTERM);
        parent.kill();
        child.await_caught(1);
        member.await_caught(1);
    }
}

#[test]
fn a_descendant_in_the_group_gets_the_signal_once() {
    for grace in [None, Some(std::time::Duration::from_secs(3600))] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.catch(Signal::SIGTERM);
        child.arm_with(Signal::SIGTERM, Options { grace, ..BOTH }).unwrap();
        let mut members: Vec<_> = (0..10).map(|_| child.spawn()).collect();
        for member in &mut members {
            member.catch(Signal::SIGTERM);
        }
        parent.kill();
        child.await_caught(1);
        for member in &mut members {
            member.await_caught(1);
        }
        // By then the last of all the signals has been sent.
        child.outlive_parent().unwrap();
        child.await_no_watcher();
        assert!(members.iter_mut().all(|member| member.caught() == 1));
        assert_eq!(child.caught(), 1);
    }
}

#[test]
fn a_member_of_the_group_that_is_no_descendant_gets_the_signal_too() {
    for options in [GROUP, BOTH, GROUP.with_a_long_grace(), BOTH.with_a_long_grace()] {
        for handles in [false, true] {
            let harness = harness();
            let (parent, mut child, mut member) = family(&harness, options);
            let left = member.spawn();
            member.send(Signal::SIGKILL);
            child.wait_for(&member);
            if handles {
                child.catch(Signal::SIGTERM);
            }
            parent.kill();
            left.assert_dies_of(Signal::SIGTERM);
            if handles {
                child.await_caught(1);
            } else {
                child.assert_dies_of(Signal::SIGTERM);
            }
        }
    }
}
