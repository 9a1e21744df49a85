//! Arming again replaces what was armed, and does not forget a death of which an armed watch knows: the new signal is
//! sent at once.
//!
//! The watching thread is held, so that it has not acted yet when the child arms again.

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Boundary, Harness, Options, Tracee};

use crate::harness;

/// What watches first.
const FIRST: [Options; 3] = [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS];

/// What is armed then: the call, and the watches, none of which needs another thread.
const AGAIN: [Options; 5] = [
    Options { watch: false, ..Options::WATCH },
    Options::WATCH,
    Options::PROCESS_GROUP,
    Options::DESCENDANTS,
    Options::WATCH.with_a_long_grace(),
];

/// A child whose parent is dead and whose watching thread has not acted yet.
fn orphan(harness: &Harness, options: Options) -> (Actor<'_>, Tracee) {
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGUSR1, options).unwrap();
    let mut held = Tracee::seize_thread(child.watcher().unwrap());
    parent.kill();
    held.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_getppid, _)));
    (child, held)
}

#[test]
fn a_death_of_the_parent_is_not_forgotten() {
    for first in FIRST {
        for again in AGAIN {
            for signal in [Signal::SIGKILL, Signal::SIGTERM] {
                let harness = harness();
                let (mut child, held) = orphan(&harness, first);
                child.request_arm_with(signal, again);
                held.await_killed();
                child.assert_dies_of(signal);
            }
        }
    }
}

#[test]
fn a_death_is_not_forgotten_when_another_thread_arms() {
    let harness = harness();
    let (mut child, held) = orphan(&harness, Options::WATCH);
    child.catch(Signal::SIGTERM);
    child.arm_with_on_thread(Signal::SIGTERM, Options::WATCH).unwrap();
    assert_eq!(child.caught(), 1);
    drop(held);
    child.await_no_watcher();
    assert_eq!(child.caught(), 1);
}

#[test]
fn a_death_is_not_forgotten_when_another_process_is_watched() {
    let harness = harness();
    let other = harness.actor();
    let (mut child, held) = orphan(&harness, Options::WATCH);
    child.request_arm_with(Signal::SIGKILL, Options::watch_pids(&[other.pid().as_raw() as u32]));
    held.await_killed();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_death_is_not_forgotten_when_the_adopting_process_is_expected() {
    for again in AGAIN {
        let harness = harness();
        let (mut child, held) = orphan(&harness, Options::WATCH);
        child.request_arm_with(Signal::SIGKILL, Options { expected_parent: Some(std::process::id()), ..again });
        held.await_killed();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

/// The process that `watch_pid` names has exited, and its number may be in use still, by a zombie, or not.
#[test]
fn a_death_of_another_watched_process_is_not_forgotten() {
    for is_reaped in [false, true] {
        for again in AGAIN {
            let harness = harness();
            let (mut parent, mut child) = harness.parent_and_child();
            let other = parent.spawn();
            child.arm_with(Signal::SIGUSR1, Options::watch_pids(&[other.pid().as_raw() as u32])).unwrap();
            let held = Tracee::seize_thread(child.watcher().unwrap());
            other.send(Signal::SIGKILL);
            other.await_dead();
            if is_reaped {
                parent.wait_for(&other);
            }
            child.catch(Signal::SIGTERM);
            child.arm_with(Signal::SIGTERM, again).unwrap();
            assert_eq!(child.caught(), 1);
            drop(held);
        }
    }
}

#[test]
fn a_handler_runs_once_and_the_call_returns_after_that() {
    for again in AGAIN {
        let harness = harness();
        let (mut child, held) = orphan(&harness, Options::WATCH);
        child.catch(Signal::SIGTERM);
        child.catch(Signal::SIGUSR1);
        child.arm_with(Signal::SIGTERM, again).unwrap();
        assert_eq!(child.caught(), 1, "{again:?}");
        drop(held);
        child.await_threads(if again.grace.is_some() { 2 } else { 1 });
        assert_eq!(child.caught(), 1, "{again:?}");
    }
}

/// The others got the signal, and this process was to get it when they have exited.
#[test]
fn a_death_after_which_this_process_has_not_got_the_signal_yet_is_not_forgotten() {
    let options = Options { process_group: true, ..Options::DESCENDANTS.with_a_long_grace() };
    for again in AGAIN {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGTERM, options).unwrap();
        let mut member = child.spawn();
        member.catch(Signal::SIGTERM);
        parent.kill();
        member.await_caught(1);
        child.request_arm_with(Signal::SIGKILL, again);
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn a_death_upon_which_the_thread_has_acted_does_not_count_again() {
    for again in AGAIN {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.catch(Signal::SIGUSR1);
        child.watch(Signal::SIGUSR1);
        parent.kill();
        child.await_caught(1);
        child.await_no_watcher();
        child.arm_with(Signal::SIGKILL, again).unwrap();
        child.assert_lives();
    }
}

/// The call that forgets it.
#[test]
fn outlive_parent_forgets_a_death() {
    for first in FIRST {
        let harness = harness();
        let (mut child, held) = orphan(&harness, first);
        child.outlive_parent().unwrap();
        drop(held);
        child.await_no_watcher();
        child.assert_lives();
        // And it is forgotten for good.
        child.arm(Signal::SIGKILL).unwrap();
        child.watch(Signal::SIGKILL);
        child.assert_lives();
    }
}
