//! The setting is lost by fork and kept by exec, but for one of a set-uid program; what daemons do to descriptors is
//! nothing to it.

use std::fs::{set_permissions, Permissions};
use std::os::unix::fs::{chown, PermissionsExt};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, skipped};

use crate::harness;

const NOBODY: u32 = 65534;

#[test]
fn a_fork_has_nothing_armed_and_its_parent_still_does() {
    let harness = harness();
    let mut actor = harness.actor();
    actor.arm(Signal::SIGTERM).unwrap();
    assert_eq!(actor.read_in_fork(), 0);
    assert_eq!(actor.read(), Ok(Some(Signal::SIGTERM as i32)));
}

#[test]
fn exec_keeps_the_signal_armed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGTERM).unwrap();
    let mut child = child.exec(None);
    assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
    parent.kill();
    child.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn exec_on_another_thread_than_the_main_one_clears_it() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    let mut child = child.exec_on_thread();
    assert_eq!(child.read(), Ok(None));
    parent.kill();
    child.assert_lives();
}

#[test]
fn exec_of_a_set_uid_program_clears_it() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let program = harness.copy_of_program();
    chown(&program, Some(NOBODY), None).unwrap();
    set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    let mut child = child.exec(Some(program));
    if child.effective_user() != NOBODY {
        skipped("the temporary folder is mounted nosuid");
        return;
    }
    assert_eq!(child.read(), Ok(None));
    parent.kill();
    child.assert_lives();
}

#[test]
fn the_signal_stays_armed_when_every_descriptor_is_closed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.arm(Signal::SIGKILL).unwrap();
    child.close_others();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
