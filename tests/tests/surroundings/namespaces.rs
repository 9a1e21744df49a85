//! Ties hold in pid namespaces, of root and of an ordinary user in a user namespace. See also `arming::pid_namespace`,
//! `arming::parent_not_visible` and `tether::members`.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, skipped, Actor, End, Harness, Options, Spawning};

use crate::{harness, user, Way};

/// The first process of a new pid namespace, made by root or by an ordinary user in a user namespace, and the process
/// that made it.
fn first_of_a_namespace<'a>(harness: &'a Harness, user: Option<u32>) -> Option<(Actor<'a>, Actor<'a>)> {
    let mut outside = harness.actor();
    let made = match user {
        None => outside.new_pid_namespace(),
        Some(user) => {
            outside.drop_privileges(user);
            // Its files in `/proc` belong to the user again.
            outside = outside.exec(None);
            outside.new_user_namespace()
        }
    };
    if let Err(error) = made {
        skipped(&format!("no namespace can be made: {error}"));
        return None;
    }
    let mut first = outside.spawn();
    assert_eq!((first.own_pid(), first.parent()), (Pid::from_raw(1), Pid::from_raw(0)));
    Some((outside, first))
}

#[test]
fn within_every_tie_holds() {
    if !needs_root() {
        return;
    }
    for user in [None, Some(user())] {
        for way in Way::ALL {
            let harness = harness();
            let Some((_outside, mut first)) = first_of_a_namespace(&harness, user) else { return };
            let mut parent = first.spawn();
            let child = way.tied(&mut parent, |_| {});
            parent.send(Signal::SIGKILL);
            child.await_dead();
            assert_eq!(first.wait_for_own(&parent), End::Killed(Signal::SIGKILL as i32));
            assert_eq!(first.wait_for_own(&child), End::Killed(Signal::SIGKILL as i32));
        }
    }
}

/// The `/proc` there is belongs to the namespace outside, where the numbers are others'.
#[test]
fn within_descendants_live_on_and_no_other_process_is_hit() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let Some((_outside, mut first)) = first_of_a_namespace(&harness, Some(user())) else { return };
    let mut parent = first.spawn();
    let mut child = parent.spawn();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    let mut descendant = child.spawn();
    parent.send(Signal::SIGKILL);
    child.await_dead();
    descendant.assert_lives();
    assert_eq!(descendant.parent(), Pid::from_raw(1));
}

#[test]
fn with_the_first_process_every_process_dies() {
    if !needs_root() {
        return;
    }
    for way in Way::ALL {
        let harness = harness();
        let Some((mut outside, mut first)) = first_of_a_namespace(&harness, None) else { return };
        let child = way.tied(&mut first, |_| {});
        first.send(Signal::SIGKILL);
        outside.wait_for(&first);
        child.await_dead();
    }
}

/// A process outside may arm by the kernel alone.
#[test]
fn from_outside_a_command_is_tied_and_a_tether_is_an_error() {
    if !needs_root() {
        return;
    }
    for user in [None, Some(user())] {
        let harness = harness();
        let Some((mut outside, _first)) = first_of_a_namespace(&harness, user) else { return };
        let mut child = outside.spawn_as(Spawning::armed(Signal::SIGKILL));
        assert_eq!(child.parent(), Pid::from_raw(0));
        let error = outside.tether(Signal::SIGKILL).unwrap_err();
        assert!(error.contains("pid namespace"), "{error}");
        assert_eq!(outside.zombies(), []);
        for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
            let error = child.arm_with(Signal::SIGKILL, options).unwrap_err();
            assert!(error.contains("pid namespace"), "{error}");
        }
        // What was armed before holds still.
        outside.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}
