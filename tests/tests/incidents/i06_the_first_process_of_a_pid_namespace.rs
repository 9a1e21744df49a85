//! The first process of a pid namespace asks for its parent and hears 0, dead or alive; and when it finds that it is an
//! orphan and kills itself, nothing happens, since its own SIGKILL does not reach it: util-linux/util-linux#1616,
//! aristanetworks/bst.
//! Cure: the process sends itself the signal, and exits if it has survived a SIGKILL. The
//! kernel's own SIGKILL does reach it (`arming::pid_namespace`).

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Harness, Orphaned};

use crate::harness;
use crate::parent_of_a_namespace;

/// A parent, and its child, the first process of a pid namespace.
fn family<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>)> {
    let mut parent = parent_of_a_namespace(harness)?;
    let child = parent.spawn();
    assert_eq!(child.own_pid(), Pid::from_raw(1));
    Some((parent, child))
}

#[test]
fn naive_an_orphan_whose_parent_is_0_takes_itself_for_none_and_lives() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    assert_eq!(child.parent(), Pid::from_raw(0));
    parent.kill();
    child.request_set_bare_and_check(Signal::SIGKILL, Orphaned::IfParentIs(1));
    assert!(!child.answer_to_check());
    assert_eq!(child.parent(), Pid::from_raw(0));
}

#[test]
fn naive_an_orphan_that_kills_itself_lives() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    let recorded = parent.pid().as_raw();
    parent.kill();
    child.request_set_bare_and_check(Signal::SIGKILL, Orphaned::IfParentIsNot(recorded));
    assert!(child.answer_to_check());
    child.assert_lives();
}

#[test]
fn cure_an_orphan_exits_after_the_signal() {
    let harness = harness();
    let Some((parent, mut child)) = family(&harness) else { return };
    let recorded = parent.pid().as_raw() as u32;
    parent.kill();
    child.request_arm(Signal::SIGKILL, Some(recorded));
    assert_eq!(harness.exit_status_of(child.pid()), 137);
}
