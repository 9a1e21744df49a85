//! The parent is outside the pid namespace, and the child is not the first process inside. `docker exec` does that, and
//! its helper, the parent, exits right after the start. So nothing may be armed.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Harness, Options, Spawning};

use crate::harness;

const ANNOTATED: &str = env!("CARGO_BIN_EXE_annotated_actor");

/// A process outside, the first process of a pid namespace, and a second one that comes from outside too.
fn helper_and_child<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>, Actor<'a>)> {
    let mut helper = harness.actor();
    if !helper.try_new_pid_namespace() {
        return None;
    }
    let first = helper.spawn();
    let mut child = helper.spawn();
    assert_eq!((child.own_pid(), child.parent()), (Pid::from_raw(2), Pid::from_raw(0)));
    Some((helper, first, child))
}

fn every_way() -> Vec<Options> {
    let call = Options::default();
    let expecting = |parent| Options { expected_parent: Some(parent), ..call };
    let watches = [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS, Options::WATCH.with_a_short_grace()];
    let others = [call, expecting(0), expecting(1), expecting(4242), Options::watch_pids(&[1])];
    others.into_iter().chain(watches).collect()
}

#[test]
fn it_is_an_error_that_names_the_situation_and_nothing_is_armed() {
    for options in every_way() {
        let harness = harness();
        let Some((helper, mut first, mut child)) = helper_and_child(&harness) else { return };
        let error = child.arm_with(Signal::SIGKILL, options).unwrap_err();
        assert!(error.contains("another pid namespace") && error.contains("docker exec"), "{error}");
        assert_eq!(child.read(), Ok(None));
        child.await_threads(1);
        helper.kill();
        child.assert_lives();
        first.assert_lives();
    }
}

#[test]
fn a_watch_on_another_thread_is_the_same_error() {
    let harness = harness();
    let Some((helper, _first, mut child)) = helper_and_child(&harness) else {
        return;
    };
    let error = child.arm_with_on_thread(Signal::SIGKILL, Options::WATCH).unwrap_err();
    assert!(error.contains("another pid namespace"), "{error}");
    helper.kill();
    child.assert_lives();
}

/// The parent arms that, and knows that it lives.
#[test]
fn what_the_parent_has_armed_stays() {
    let harness = harness();
    let Some((mut helper, _first, _child)) = helper_and_child(&harness) else {
        return;
    };
    let mut child = helper.spawn_as(Spawning::armed(Signal::SIGUSR1));
    for options in every_way() {
        child.arm_with(Signal::SIGKILL, options).unwrap_err();
        assert_eq!(child.read(), Ok(Some(Signal::SIGUSR1 as i32)));
    }
    helper.kill();
    child.assert_dies_of(Signal::SIGUSR1);
}

#[test]
fn what_was_armed_can_be_undone() {
    let harness = harness();
    let Some((mut helper, _first, _child)) = helper_and_child(&harness) else { return };
    let mut child = helper.spawn_as(Spawning::armed(Signal::SIGKILL));
    child.outlive_parent().unwrap();
    helper.kill();
    child.assert_lives();
}

#[test]
fn a_child_of_such_a_process_has_a_parent_and_is_armed() {
    for options in [Options::default(), Options::WATCH] {
        let harness = harness();
        let Some((helper, _first, mut child)) = helper_and_child(&harness) else { return };
        let mut grandchild = child.spawn();
        grandchild.arm_with(Signal::SIGKILL, options).unwrap();
        helper.kill();
        grandchild.assert_lives();
        child.send(Signal::SIGKILL);
        grandchild.await_dead();
    }
}

#[test]
fn the_attribute_says_so_and_exits() {
    let harness = harness();
    let Some((mut helper, _first, _child)) = helper_and_child(&harness) else {
        return;
    };
    let spawning = Spawning { program: Some((ANNOTATED.into(), Vec::new())), ..Spawning::default() };
    let child = helper.try_spawn(spawning).unwrap();
    let end = helper.wait_for_pid(child);
    assert_eq!(end, pdeathsig_tests::End::Exited(1));
}
