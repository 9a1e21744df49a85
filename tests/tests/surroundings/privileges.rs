//! Processes that cannot be dumped, may gain no privileges, or execute a set-uid program. What becomes of a tether
//! then: `tether::users`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{chown, PermissionsExt};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, set_uid_programs_work, Actor, Harness, Options};

use crate::{each_tie_holds, harness, user, Way};

#[test]
fn a_process_that_cannot_be_dumped_is_tied_and_ties() {
    each_tie_holds(|parent| parent.forbid_dumps(), |child| child.forbid_dumps());
    if !needs_root() {
        return;
    }
    // As an ordinary user, which does not own its files in `/proc` then.
    fn hide(actor: &mut Actor<'_>) {
        actor.drop_privileges(user());
        actor.forbid_dumps();
    }
    each_tie_holds(hide, |child| child.forbid_dumps());
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let child = way.tied(&mut parent, hide);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn descendants_that_cannot_be_dumped_are_found() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.drop_privileges(user());
    let mut child = parent.spawn();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    let mut descendant = child.spawn();
    descendant.new_session();
    child.forbid_dumps();
    descendant.forbid_dumps();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    descendant.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_process_with_no_new_privs_is_tied_and_ties() {
    each_tie_holds(|parent| parent.forbid_new_privileges(), |_| {});
    each_tie_holds(|_| {}, |child| child.forbid_new_privileges());
}

/// A parent and its child, ordinary users, and the child executes a set-uid program of root's.
fn executing_a_set_uid_program(harness: &Harness, way: Way, before: impl Fn(&mut Actor<'_>)) -> [Actor<'_>; 2] {
    let program = harness.copy_of_program();
    chown(&program, Some(0), Some(0)).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let mut parent = harness.actor();
    parent.drop_privileges(user());
    let mut child = way.tied(&mut parent, |_| {});
    before(&mut child);
    let child = child.exec(Some(program));
    [parent, child]
}

#[test]
fn a_set_uid_program_is_tied_by_a_tether_alone() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    for way in Way::ALL {
        let harness = harness();
        let [parent, mut child] = executing_a_set_uid_program(&harness, way, |_| {});
        assert_eq!((child.effective_user(), child.read()), (0, Ok(None)));
        parent.kill();
        if way == Way::Tether {
            child.assert_dies_of(Signal::SIGKILL);
        } else {
            child.assert_lives();
        }
    }
}

/// Its bit does nothing there, and it is a program like any other.
#[test]
fn a_set_uid_program_that_may_gain_no_privileges_is_tied_as_any() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    for way in Way::ALL {
        let harness = harness();
        let before = |child: &mut Actor<'_>| child.forbid_new_privileges();
        let [parent, mut child] = executing_a_set_uid_program(&harness, way, before);
        assert_eq!(child.effective_user(), user());
        parent.kill();
        // A watch is lost on exec of whatever program.
        if way.watches() {
            child.assert_lives();
        } else {
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}
