//! `shutdown` signals the members, waits for them, and kills those that are left after the grace.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, Answer, Refusal, Refused, Spawning};

use crate::{harness, owner, owner_with};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3600);
/// Over soon.
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn it_returns_as_soon_as_the_last_member_has_ended() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut grandchild = child.spawn();
    grandchild.block(Signal::SIGTERM);
    owner.request_shutdown(Signal::SIGTERM, LONG);
    // It waits to be reaped, which does not keep the tether.
    child.await_dead();
    grandchild.assert_lives();
    assert!(!owner.has_answered());
    grandchild.unblock(Signal::SIGTERM);
    assert_eq!(owner.answer_to_shutdown(), Ok(true));
    grandchild.assert_dies_of(Signal::SIGTERM);
    assert_eq!(owner.zombies(), [child.pid()]);
}

#[test]
fn without_members_it_returns_at_once() {
    let harness = harness();
    let mut owner = owner(&harness);
    assert_eq!(owner.shut_down(Signal::SIGTERM, LONG), Ok(true));
    assert_eq!(owner.zombies(), []);
}

#[test]
fn without_an_end_of_the_grace_it_waits_too() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    assert_eq!(owner.shut_down(Signal::SIGTERM, Duration::MAX), Ok(true));
    child.await_dead();
}

#[test]
fn members_left_after_the_grace_are_killed_whatever_the_signal_of_the_tether() {
    let harness = harness();
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let mut owner = owner_with(&harness, signal);
        let mut child = owner.spawn_tethered();
        let mut grandchild = child.spawn();
        grandchild.ignore(Signal::SIGTERM);
        let start = Instant::now();
        assert_eq!(owner.shut_down(Signal::SIGTERM, SHORT), Ok(false));
        assert!(start.elapsed() >= SHORT);
        grandchild.assert_dies_of(Signal::SIGKILL);
        child.await_dead();
    }
}

#[test]
fn an_owner_that_is_killed_meanwhile_takes_them_along() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.catch(Signal::SIGTERM);
    owner.request_shutdown(Signal::SIGTERM, LONG);
    child.await_caught(1);
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn without_a_grace_they_are_killed_at_once() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.ignore(Signal::SIGTERM);
    assert_eq!(owner.shut_down(Signal::SIGTERM, Duration::ZERO), Ok(false));
    child.await_dead();
}

#[test]
fn a_member_that_handles_the_signal_gets_it_once() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.catch(Signal::SIGTERM);
    owner.request_shutdown(Signal::SIGTERM, LONG);
    child.await_caught(1);
    child.request_death(pdeathsig_tests::Cause::Return);
    assert_eq!(owner.answer_to_shutdown(), Ok(true));
}

#[test]
fn a_stopped_member_gets_the_signal() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    assert_eq!(owner.shut_down(Signal::SIGTERM, LONG), Ok(true));
    child.await_dead();
}

#[test]
fn no_member_survives_by_forking_and_exiting_faster_than_shutdown_looks() {
    let harness = harness();
    for grace in [Duration::ZERO, SHORT] {
        let mut owner = harness.actor();
        // The children inherit that.
        owner.ignore(Signal::SIGTERM);
        owner.tether(Signal::SIGTERM).unwrap();
        let line = [r#"exec "$0" breed 3000 >/dev/null"#, env!("CARGO_BIN_EXE_storm")];
        let storm = || Some(("sh".into(), ["-c"].iter().chain(&line).map(|word| word.to_string()).collect()));
        for _ in 0..3 {
            owner.try_spawn(Spawning { program: storm(), ..Spawning::tethered() }).unwrap();
        }
        let start = Instant::now();
        assert_eq!(owner.shut_down(Signal::SIGTERM, grace), Ok(false));
        assert!(start.elapsed() >= grace);
        owner.kill();
        harness.killed_orphans();
    }
}

#[test]
fn a_member_that_leaves_the_group_is_not_waited_for() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut daemon = child.spawn();
    daemon.catch(Signal::SIGTERM);
    owner.request_shutdown(Signal::SIGTERM, LONG);
    child.await_dead();
    daemon.await_caught(1);
    daemon.new_session();
    assert_eq!(owner.answer_to_shutdown(), Ok(true));
    daemon.assert_lives();
}

#[test]
fn members_of_all_its_groups_are_waited_for() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut first = owner.spawn_tethered();
    owner.churn(200);
    let mut second = owner.spawn_tethered();
    assert_ne!(first.group(), second.group());
    for member in [&mut first, &mut second] {
        member.block(Signal::SIGTERM);
    }
    owner.request_shutdown(Signal::SIGTERM, LONG);
    for member in [first, second] {
        assert!(!owner.has_answered());
        let mut member = member;
        member.unblock(Signal::SIGTERM);
        member.await_dead();
    }
    assert_eq!(owner.answer_to_shutdown(), Ok(true));
}

#[test]
fn without_proc_it_waits_out_the_grace() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.ignore(Signal::SIGTERM);
    owner.change_proc(None).unwrap();
    assert_eq!(owner.shut_down(Signal::SIGTERM, SHORT), Ok(false));
    child.await_dead();
}

#[test]
fn without_proc_and_without_an_end_of_the_grace_it_kills_and_says_why() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.ignore(Signal::SIGTERM);
    owner.change_proc(None).unwrap();
    let error = owner.shut_down(Signal::SIGTERM, Duration::MAX).unwrap_err();
    assert!(error.contains("/proc"), "{error}");
    child.await_dead();
}

/// One member ends when it is asked, and the other one later; both by what they are asked by.
fn it_looks_again_and_again(refused: Refusal) {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut grandchild = child.spawn();
    grandchild.block(Signal::SIGTERM);
    owner.refuse(refused);
    owner.request_shutdown(Signal::SIGTERM, LONG);
    child.await_dead();
    assert!(!owner.has_answered());
    grandchild.unblock(Signal::SIGTERM);
    assert_eq!(owner.answer_to_shutdown(), Ok(true));
    grandchild.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn where_members_cannot_be_pinned_it_looks_again_and_again() {
    it_looks_again_and_again(Refused::Pidfd.by(Answer::NotThere));
    it_looks_again_and_again(Refused::Pidfd.into());
}

/// It does not take a pause for each of them.
#[test]
fn where_members_cannot_be_pinned_it_returns_as_soon_as_the_last_of_many_has_ended() {
    let harness = harness();
    let mut owner = owner(&harness);
    let sleep = || Spawning { program: Some(("sleep".into(), vec!["60".into()])), ..Spawning::tethered() };
    for _ in 0..100 {
        owner.try_spawn(sleep()).unwrap();
    }
    owner.refuse(Refused::Pidfd.by(Answer::NotThere));
    let start = Instant::now();
    assert_eq!(owner.shut_down(Signal::SIGTERM, LONG), Ok(true));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(owner.zombies().len(), 100);
}

#[test]
fn where_poll_is_refused_it_looks_again_and_again() {
    it_looks_again_and_again(Refused::Poll.by(Answer::NotThere));
    it_looks_again_and_again(Refused::Poll.into());
}

#[test]
fn a_signal_goes_to_every_member_now() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut grandchild = child.spawn();
    let mut sibling = owner.spawn();
    for actor in [&mut child, &mut grandchild, &mut sibling] {
        actor.catch(Signal::SIGUSR1);
    }
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    child.await_caught(1);
    grandchild.await_caught(1);
    assert_eq!(sibling.caught(), 0);
    // And the tether is whole.
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_signal_without_members_is_no_error() {
    let harness = harness();
    let mut owner = owner(&harness);
    assert_eq!(owner.signal_tethered(Signal::SIGTERM), Ok(()));
    let child = owner.spawn_tethered();
    assert_eq!(owner.signal_tethered(Signal::SIGKILL), Ok(()));
    child.await_dead();
    assert_eq!(owner.signal_tethered(Signal::SIGKILL), Ok(()));
    let mut next = owner.spawn_tethered();
    next.assert_lives();
}
