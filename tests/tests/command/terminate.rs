//! `ChildExt::terminate`: SIGTERM to the child, and to no other process.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig::ChildExt;
use pdeathsig_tests::needs_root;

use crate::{harness, ACTOR};

#[test]
fn the_child_gets_it_and_its_own_children_do_not() {
    let harness = harness();
    let mut child = harness.start(&mut Command::new(ACTOR));
    let mut actor = harness.accept();
    let mut grandchild = actor.spawn();
    child.terminate().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    grandchild.assert_lives();
}

#[test]
fn a_child_that_handles_it_lives() {
    let harness = harness();
    let mut child = harness.start(&mut Command::new(ACTOR));
    let mut actor = harness.accept();
    actor.catch(Signal::SIGTERM);
    child.terminate().unwrap();
    actor.await_caught(1);
    actor.assert_lives();
}

#[test]
fn a_child_that_has_exited_is_no_error_and_keeps_its_status() {
    let harness = harness();
    let mut child = harness.start(Command::new("sh").args(["-c", "exit 7"]));
    pdeathsig_tests::until("the end of the child", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        stat.contains(") Z ").then_some(())
    });
    child.terminate().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    child.terminate().unwrap();
}

#[test]
fn a_child_that_other_code_has_waited_for_is_no_error() {
    let harness = harness();
    let mut child = harness.start(&mut Command::new("true"));
    harness.reap(Pid::from_raw(child.id() as i32));
    child.terminate().unwrap();
}

#[test]
fn when_the_number_was_given_to_another_process_that_one_is_left_alone() {
    if !needs_root() {
        return;
    }
    for waited_by_other_code in [false, true] {
        let harness = harness();
        let mut other = harness.actor();
        let mut child = harness.start(&mut Command::new("true"));
        let pid = Pid::from_raw(child.id() as i32);
        if waited_by_other_code {
            harness.reap(pid);
        } else {
            child.wait().unwrap();
        }
        let mut stranger = other.fork_with_number(pid);
        assert_eq!(stranger.pid(), pid);
        stranger.catch(Signal::SIGTERM);
        child.terminate().unwrap();
        assert_eq!(stranger.caught(), 0);
        stranger.assert_lives();
    }
}
