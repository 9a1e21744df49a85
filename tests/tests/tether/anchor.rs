//! The anchors of a tether: no ordinary wait sees them, and if other code reaps them, nothing is lost.

use nix::sys::signal::Signal;
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{Actor, Spawning};

use crate::{harness, owner};

fn die_with(owner: Actor<'_>, members: &[&Actor<'_>]) {
    owner.kill();
    for member in members {
        member.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn the_anchor_is_a_zombie_that_leads_the_group_of_what_is_spawned() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    let [anchor] = owner.zombies()[..] else { panic!("{:?}", owner.zombies()) };
    assert_eq!(getpgid(Some(anchor)), Ok(anchor));
    assert_eq!(child.group(), anchor);
}

#[test]
fn the_anchor_is_named_tether() {
    let harness = harness();
    let owner = owner(&harness);
    let [anchor] = owner.zombies()[..] else { panic!("{:?}", owner.zombies()) };
    assert_eq!(std::fs::read_to_string(format!("/proc/{anchor}/comm")).unwrap(), "tether\n");
    // And the owner has its name still.
    assert_eq!(std::fs::read_to_string(format!("/proc/{}/comm", owner.pid())).unwrap(), "actor\n");
}

#[test]
fn no_wait_for_any_child_sees_the_anchor() {
    let harness = harness();
    let mut owner = owner(&harness);
    assert_eq!(owner.wait_for_any(false), []);
    let child = owner.try_spawn(Spawning { program: Some(("true".into(), vec![])), ..Spawning::tethered() }).unwrap();
    let mut member = owner.spawn_tethered();
    // The one that exits is seen, and no other.
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = owner.wait_for_any(false);
    }
    assert_eq!(seen, [child]);
    assert_eq!(owner.wait_for_any(false), []);
    assert!(owner.zombies().contains(&member.group()));
    member.assert_lives();
    die_with(owner, &[&member]);
}

#[test]
fn no_sigchld_is_sent_when_the_anchor_exits() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.catch(Signal::SIGCHLD);
    owner.tether(Signal::SIGKILL).unwrap();
    owner.drop_tether();
    assert_eq!(owner.caught(), 0);
}

#[test]
fn it_stays_though_children_are_not_to_become_zombies() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.ignore(Signal::SIGCHLD);
    owner.tether(Signal::SIGKILL).unwrap();
    assert_eq!(owner.zombies().len(), 1);
    let child = owner.spawn_tethered();
    assert_eq!(owner.zombies(), [child.group()]);
    owner.kill();
    // If it was first, no wait was needed.
    child.await_dead();
}

#[test]
fn the_anchor_goes_with_the_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    assert_eq!(owner.zombies().len(), 1);
    owner.drop_tether();
    assert_eq!(owner.zombies(), []);
    assert_eq!(owner.count(), (1, harness.actor().count().1));
}

#[test]
fn when_it_is_reaped_members_still_die_and_the_next_joins_another_group() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut first = owner.spawn_tethered();
    let anchor = first.group();
    assert_eq!(owner.wait_for_any(true), [anchor]);
    let mut second = owner.spawn_tethered();
    assert_ne!(second.group(), anchor);
    first.assert_lives();
    second.assert_lives();
    die_with(owner, &[&first, &second]);
}

#[test]
fn when_it_is_reaped_before_anything_was_spawned() {
    let harness = harness();
    let mut owner = owner(&harness);
    assert_eq!(owner.wait_for_any(true).len(), 1);
    let mut child = owner.spawn_tethered();
    child.assert_lives();
    die_with(owner, &[&child]);
}

#[test]
fn when_it_is_reaped_a_drop_still_reaches_the_members() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    owner.wait_for_any(true);
    owner.drop_tether();
    child.await_dead();
}

#[test]
fn when_it_is_reaped_a_signal_still_reaches_the_members() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.catch(Signal::SIGUSR1);
    owner.wait_for_any(true);
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    child.await_caught(1);
}

#[test]
fn an_unrelated_process_that_reuses_its_pid_is_left_alone() {
    if !pdeathsig_tests::needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let [anchor]: [Pid; 1] = owner.wait_for_any(true).try_into().unwrap();
    // It leads a group of its own by that number, and so does a process that is spawned into it.
    let mut unrelated = owner.fork_with_number(anchor);
    unrelated.lead_process_group();
    assert_eq!((unrelated.pid(), unrelated.group()), (anchor, anchor));
    unrelated.catch(Signal::SIGUSR1);
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    let mut child = owner.spawn_tethered();
    assert_ne!(child.group(), anchor);
    child.assert_lives();
    assert_eq!(unrelated.caught(), 0);
    owner.drop_tether();
    child.await_dead();
    assert_eq!(unrelated.caught(), 0);
    unrelated.assert_lives();
}
