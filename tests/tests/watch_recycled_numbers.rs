//! The number of a descendant goes to a stranger while descendants are looked for: the stranger is left alone.

use std::fs;

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, stranger, Actor, Boundary, Options, Refused, Stage, Tracee};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// Has a child look for its descendants, of which there is one; replaces that by a stranger of the same number when the child is
/// about to do `what` to it for the nth time; answers with what `/proc` says of the stranger when all is over.
fn replaced_at(test: &str, what: libc::c_long, nth: usize, prepare: impl Fn(&mut Actor<'_>)) -> Option<String> {
    if !needs_root(test) {
        return None;
    }
    let stage = Stage::open(ACTOR);
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    let mut victim = child.spawn();
    victim.catch(Signal::SIGTERM);
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, Options::DESCENDANTS).unwrap();
    prepare(&mut child);
    let mut held = Tracee::seize_thread(child.watcher().unwrap());
    parent.kill();
    for _ in 0..nth {
        held.run_to(|at| at == Boundary::Entry(what, victim.pid().as_raw() as u64));
    }
    victim.send(Signal::SIGKILL);
    child.wait_for(&victim);
    stranger(victim.pid()).unwrap();
    drop(held);
    child.await_caught(1);
    child.await_no_watcher();
    Some(lives(victim.pid()))
}

/// What `/proc` says of the stranger, which has not been killed, or it would be a zombie.
fn lives(stranger: Pid) -> String {
    let status = fs::read_to_string(format!("/proc/{stranger}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("State:\t")).unwrap().to_owned()
}

const ASLEEP: Option<&str> = Some("S (sleeping)");

#[test]
fn before_it_is_pinned_for_the_first_time() {
    let state = replaced_at("before_it_is_pinned_for_the_first_time", libc::SYS_pidfd_open, 1, |_| {});
    assert!(state.is_none() || state.as_deref() == ASLEEP, "{state:?}");
}

#[test]
fn when_it_has_been_stopped_and_before_it_gets_the_signal() {
    let test = "when_it_has_been_stopped_and_before_it_gets_the_signal";
    let state = replaced_at(test, libc::SYS_pidfd_open, 2, |_| {});
    assert!(state.is_none() || state.as_deref() == ASLEEP, "{state:?}");
}

#[test]
fn between_the_signal_and_the_continuation() {
    let state = replaced_at("between_the_signal_and_the_continuation", libc::SYS_pidfd_open, 3, |_| {});
    assert!(state.is_none() || state.as_deref() == ASLEEP, "{state:?}");
}

#[test]
fn where_nothing_can_be_pinned_a_stranger_that_was_stopped_goes_on() {
    let test = "where_nothing_can_be_pinned_a_stranger_that_was_stopped_goes_on";
    let state = replaced_at(test, libc::SYS_kill, 1, |child| child.refuse_everywhere(Refused::Pidfd));
    assert!(state.is_none() || state.as_deref() == ASLEEP, "{state:?}");
}
