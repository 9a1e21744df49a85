//! The user that made a tether decides which members it reaches: those that this user has permission to signal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{chown, PermissionsExt};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, set_uid_programs_work, Actor, Harness, Spawning};

use crate::{harness, owner};

const USER: u32 = 54_331;
const ANOTHER: u32 = 54_332;

#[test]
fn a_member_that_becomes_another_user_dies_with_a_root_owner() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.drop_privileges(USER);
    let another = owner.spawn_as(Spawning { user: Some(ANOTHER), ..Spawning::tethered() });
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
    another.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn an_owner_that_drops_privileges_still_reaches_its_members() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.drop_privileges(USER);
    let error = owner.signal_tethered(Signal::SIGTERM).unwrap_err();
    assert!(error.contains("kill(2)") && error.contains("may not signal"), "{error}");
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

/// A member that executes a set-uid program of root's.
fn set_uid_member<'a>(harness: &'a Harness, owner: &mut Actor<'a>) -> Actor<'a> {
    let program = harness.copy_of_program();
    chown(&program, Some(0), Some(0)).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let mut member = owner.spawn_tethered().exec(Some(program));
    assert_eq!(member.effective_user(), 0);
    member
}

#[test]
fn a_member_that_executes_a_set_uid_program_dies() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let member = set_uid_member(&harness, &mut owner);
    owner.kill();
    member.assert_dies_of(Signal::SIGKILL);
}

/// As `sudo` does.
#[test]
fn a_member_that_becomes_root_for_good_survives_an_ordinary_owner() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = set_uid_member(&harness, &mut owner);
    member.drop_privileges(0);
    owner.kill();
    member.assert_lives();
}

#[test]
fn a_member_that_becomes_another_user_for_good_survives_an_ordinary_owner() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = set_uid_member(&harness, &mut owner);
    member.drop_privileges(ANOTHER);
    let mut ordinary = owner.spawn_tethered();
    ordinary.assert_lives();
    owner.kill();
    ordinary.assert_dies_of(Signal::SIGKILL);
    member.assert_lives();
}
