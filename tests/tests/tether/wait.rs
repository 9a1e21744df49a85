//! `wait_timeout` tells whether members are left, without a signal to them.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, Spawning};

use crate::{harness, owner};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn without_members_it_is_true_at_once() {
    let harness = harness();
    let mut owner = owner(&harness);
    for timeout in [Duration::ZERO, SHORT, Duration::MAX] {
        assert_eq!(owner.wait_tethered(timeout), Ok(true));
    }
}

#[test]
fn with_a_member_that_lives_it_is_false_after_the_timeout_and_the_member_lives_on() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let start = Instant::now();
    assert_eq!(owner.wait_tethered(SHORT), Ok(false));
    assert!(start.elapsed() >= SHORT);
    assert_eq!(owner.wait_tethered(Duration::ZERO), Ok(false));
    child.assert_lives();
}

#[test]
fn it_is_true_as_soon_as_the_last_member_has_exited_and_zombies_do_not_count() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut grandchild = child.spawn();
    owner.request_wait_tethered(Duration::MAX);
    child.send(Signal::SIGKILL);
    child.await_dead();
    grandchild.assert_lives();
    assert!(!owner.has_answered());
    grandchild.send(Signal::SIGKILL);
    assert_eq!(owner.answer_to_wait(), Ok(true));
    assert!(owner.zombies().contains(&child.pid()));
    assert_eq!(owner.wait_tethered(Duration::ZERO), Ok(true));
}

#[test]
fn a_process_of_another_tether_does_not_count() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.leak_tether();
    owner.tether(Signal::SIGKILL).unwrap();
    assert_eq!(owner.wait_tethered(Duration::MAX), Ok(true));
    child.assert_lives();
}

#[test]
fn an_attached_group_counts() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    owner.attach(child.pid()).unwrap();
    assert_eq!(owner.wait_tethered(Duration::ZERO), Ok(false));
    child.send(Signal::SIGKILL);
    assert_eq!(owner.wait_tethered(Duration::MAX), Ok(true));
}

#[test]
fn without_proc_it_is_an_error_that_says_so() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.change_proc(None).unwrap();
    let error = owner.wait_tethered(Duration::MAX).unwrap_err();
    assert!(error.contains("/proc"), "{error}");
    child.assert_lives();
}
