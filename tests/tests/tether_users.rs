//! The user that made a tether decides which members it reaches: those that this user has permission to signal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{chown, PermissionsExt};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, set_uid_programs_work, Actor, Spawning, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const USER: u32 = 54_331;
const ANOTHER: u32 = 54_332;

#[test]
fn a_member_that_becomes_another_user_dies_with_an_owner_who_is_root() {
    if !needs_root("a_member_that_becomes_another_user_dies_with_an_owner_who_is_root") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    child.drop_privileges(USER);
    let another = owner.spawn_as(Spawning { user: Some(ANOTHER), ..Spawning::tethered() });
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
    another.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn an_owner_that_has_dropped_its_privileges_since_reaches_whom_it_reached_before() {
    if !needs_root("an_owner_that_has_dropped_its_privileges_since_reaches_whom_it_reached_before") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    owner.drop_privileges(USER);
    let error = owner.signal_tethered(Signal::SIGTERM).unwrap_err();
    assert!(error.contains("kill(2)") && error.contains("may not signal"), "{error}");
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

/// A member that executes a set-uid program of root's.
fn set_uid_member<'a>(stage: &'a Stage, owner: &mut Actor<'a>) -> Actor<'a> {
    let program = stage.copy_of_program();
    chown(&program, Some(0), Some(0)).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let mut member = owner.spawn_tethered().exec(Some(program));
    assert_eq!(member.effective_user(), 0);
    member
}

#[test]
fn a_member_that_executes_a_set_uid_program_dies() {
    let test = "a_member_that_executes_a_set_uid_program_dies";
    if !needs_root(test) || !set_uid_programs_work(test) {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let member = set_uid_member(&stage, &mut owner);
    owner.kill();
    member.assert_dies_of(Signal::SIGKILL);
}

/// As `sudo` does.
#[test]
fn one_that_makes_itself_root_for_good_is_out_of_an_ordinary_owners_reach() {
    let test = "one_that_makes_itself_root_for_good_is_out_of_an_ordinary_owners_reach";
    if !needs_root(test) || !set_uid_programs_work(test) {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = set_uid_member(&stage, &mut owner);
    member.drop_privileges(0);
    owner.kill();
    member.assert_lives();
}

#[test]
fn one_that_becomes_another_user_for_good_is_out_of_an_ordinary_owners_reach() {
    let test = "one_that_becomes_another_user_for_good_is_out_of_an_ordinary_owners_reach";
    if !needs_root(test) || !set_uid_programs_work(test) {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.drop_privileges(USER);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = set_uid_member(&stage, &mut owner);
    member.drop_privileges(ANOTHER);
    let mut ordinary = owner.spawn_tethered();
    ordinary.assert_lives();
    owner.kill();
    ordinary.assert_dies_of(Signal::SIGKILL);
    member.assert_lives();
}
