//! A runtime arms the signal in all that it starts. One of these is a helper that should finish its work, such as a
//! report of the parent's crash, when the parent is gone, and is killed in the middle of it: DataDog/libdatadog#2348.
//! Cure: `outlive_parent` in the helper.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Cause, Spawning, Stage};

use crate::{assert_died_of, ACTOR};

/// A process whose runtime arms the signal in all that it starts, and a helper that it has started.
fn family(stage: &Stage) -> (Actor<'_>, Actor<'_>) {
    let mut parent = stage.actor();
    let mut helper = parent.spawn_as(Spawning { bare: true, ..Spawning::armed(Signal::SIGKILL) });
    assert_eq!(helper.read(), Ok(Some(Signal::SIGKILL as i32)));
    (parent, helper)
}

#[test]
fn naive_the_helper_is_killed_when_its_work_begins() {
    let stage = Stage::open(ACTOR);
    let (parent, helper) = family(&stage);
    parent.die(Cause::Segfault);
    assert_died_of(Signal::SIGKILL, &helper);
}

#[test]
fn naive_in_a_session_of_its_own_it_is_killed_all_the_same() {
    let stage = Stage::open(ACTOR);
    let (parent, mut helper) = family(&stage);
    helper.new_session();
    parent.die(Cause::Segfault);
    assert_died_of(Signal::SIGKILL, &helper);
}

#[test]
fn cure_outlive_parent() {
    let stage = Stage::open(ACTOR);
    let (parent, mut helper) = family(&stage);
    helper.outlive_parent().unwrap();
    parent.die(Cause::Segfault);
    helper.assert_lives();
}
