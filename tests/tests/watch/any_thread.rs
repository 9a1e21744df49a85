//! A watch may be armed on any thread, and does not depend on that thread.

use nix::sys::signal::Signal;
use pdeathsig_tests::Options;

use crate::harness;

#[test]
fn the_child_dies_with_its_parent_and_its_descendants_and_group_too() {
    for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS, Options::WATCH.with_a_long_grace()] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with_on_thread(Signal::SIGKILL, options).unwrap();
        // The thread that armed has exited.
        child.await_threads(2);
        let mut grandchild = child.spawn();
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        if options.process_group || options.descendants {
            grandchild.assert_dies_of(Signal::SIGKILL);
        } else {
            grandchild.assert_lives();
        }
    }
}

#[test]
fn the_kernels_signal_of_the_main_thread_stays_in_force() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGUSR1);
    child.catch(Signal::SIGUSR2);
    child.arm(Signal::SIGUSR1).unwrap();
    child.arm_with_on_thread(Signal::SIGUSR2, Options::WATCH).unwrap();
    assert_eq!(child.read(), Ok(Some(Signal::SIGUSR1 as i32)));
    parent.kill();
    child.await_caught(2);
}

#[test]
fn a_watch_that_the_main_thread_armed_is_replaced_and_the_other_way_round() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    for _ in 0..10 {
        child.watch(Signal::SIGKILL);
        child.arm_with_on_thread(Signal::SIGUSR1, Options::WATCH).unwrap();
        child.await_threads(2);
    }
    parent.kill();
    child.assert_dies_of(Signal::SIGUSR1);
}

#[test]
fn a_call_on_the_main_thread_replaces_it_and_so_does_outlive_parent() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with_on_thread(Signal::SIGKILL, Options::WATCH).unwrap();
    child.arm(Signal::SIGUSR1).unwrap();
    child.ignore(Signal::SIGUSR1);
    child.arm_with_on_thread(Signal::SIGKILL, Options::WATCH).unwrap();
    child.outlive_parent().unwrap();
    parent.kill();
    child.await_no_watcher();
    child.assert_lives();
}

#[test]
fn an_expected_parent_that_has_died_is_noticed() {
    for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        let expected_parent = Some(parent.pid().as_raw() as u32);
        parent.kill();
        child.catch(Signal::SIGTERM);
        child.arm_with_on_thread(Signal::SIGTERM, Options { expected_parent, ..options }).unwrap();
        assert_eq!(child.caught(), 1);
    }
}

/// The kernel keeps its signal for the main thread alone, so another one cannot undo it.
#[test]
fn outlive_parent_elsewhere_is_an_error_and_the_watch_stays() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm_with_on_thread(Signal::SIGKILL, Options::WATCH).unwrap();
    let error = child.outlive_parent_on_thread().unwrap_err();
    assert!(error.starts_with("must be called on the main thread"), "{error}");
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

/// A fork copies a lock that another thread holds, and nothing in the fork would unlock it.
#[test]
fn a_fork_that_is_made_while_threads_arm_can_arm_for_itself() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let forks: Vec<_> = (0..30)
        .map(|_| {
            let mut fork = child.fork_while_threads_arm(Signal::SIGUSR1);
            fork.watch(Signal::SIGKILL);
            fork.arm_with_on_thread(Signal::SIGUSR2, Options::WATCH).unwrap();
            fork
        })
        .collect();
    parent.kill();
    child.assert_dies_of(Signal::SIGUSR1);
    for fork in forks {
        fork.assert_dies_of(Signal::SIGUSR2);
    }
}
