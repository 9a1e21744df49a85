//! A child arms, then changes its user, or executes a set-uid program. The kernel clears the setting, no call fails,
//! and the child outlives its parent: golang/go#9686, google/syzkaller#2181, rootless-containers/rootlesskit#65.
//! Cure: arm after the change; read back with `parent_death_signal`; a `Tether`, which is no setting of the child's
//! (`tether::users`).

use std::fs::{self, Permissions};
use std::os::unix::fs::{chown, PermissionsExt};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, set_uid_programs_work, Actor, Harness, Spawning};

use crate::harness;

const USER: u32 = 54_361;

/// The child executes a program of root's that has the set-uid bit.
fn execute_set_uid<'a>(harness: &'a Harness, child: Actor<'a>) -> Actor<'a> {
    let program = harness.copy_of_program();
    chown(&program, Some(0), Some(0)).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let mut child = child.exec(Some(program));
    assert_eq!(child.effective_user(), 0);
    child
}

#[test]
fn naive_armed_before_setuid_it_is_gone_and_an_orphan_lives() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.set_bare(Signal::SIGKILL as i32);
    child.set_user(USER);
    parent.kill();
    child.assert_lives();
}

#[test]
fn naive_a_set_uid_program_clears_it_and_an_orphan_lives() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.drop_privileges(USER);
    let child = parent.spawn_as(Spawning { bare: true, ..Spawning::armed(Signal::SIGKILL) });
    let mut child = execute_set_uid(&harness, child);
    parent.kill();
    child.assert_lives();
}

#[test]
fn cure_arm_after_the_change() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    child.set_user(USER);
    child.arm(Signal::SIGKILL).unwrap();
    let spawned = parent.spawn_as(Spawning { user: Some(USER), ..Spawning::armed(Signal::SIGKILL) });
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    spawned.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn cure_read_back_and_arm_again() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
    child.set_user(USER);
    assert_eq!(child.read(), Ok(None));
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
