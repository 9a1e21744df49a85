//! Many children under one tether: a group for each, then shared ones; few descriptors; and what happens at the limits.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{needs_root, skipped, until, Actor, Cause, Harness, Spawning};

use crate::{harness, owner};

const OWNER: &str = env!("CARGO_BIN_EXE_owner");
/// A user of this test alone, so that other tests' sockets in flight and processes do not count.
fn user(number: u32) -> u32 {
    1_000_000 + 8 * std::process::id() + number
}

fn spawn_sleeper(owner: &mut Actor<'_>) -> Result<Pid, String> {
    owner.try_spawn(Spawning { program: Some(("sleep".into(), vec!["600".into()])), ..Spawning::tethered() })
}

fn assert_dies_with_its_member(harness: &Harness, mut owner: Actor<'_>) {
    let child = spawn_sleeper(&mut owner).unwrap();
    owner.kill();
    assert_eq!(harness.end_of(child), Signal::SIGKILL as i32);
}

fn groups_of(children: &[Pid]) -> BTreeSet<Pid> {
    children.iter().map(|child| getpgid(Some(*child)).unwrap()).collect()
}

/// How many of the children share their group with another.
fn sharing(children: &[Pid]) -> usize {
    let group = |child: &Pid| getpgid(Some(*child)).unwrap();
    children.iter().filter(|child| children.iter().filter(|other| group(other) == group(child)).count() > 1).count()
}

#[test]
fn each_of_32_has_a_group_of_its_own_and_the_next_ones_share() {
    let harness = harness();
    let mut owner = owner(&harness);
    let (_, open) = owner.count();
    let mut children: Vec<Pid> = (0..32).map(|_| spawn_sleeper(&mut owner).unwrap()).collect();
    assert_eq!(groups_of(&children).len(), 32);
    assert_eq!(owner.count().1, open + 31);
    children.extend((0..100).map(|_| spawn_sleeper(&mut owner).unwrap()));
    assert_eq!(groups_of(&children).len(), 32);
    assert_eq!(owner.count().1, open + 31);
    // They share as few groups as possible.
    assert_eq!(sharing(&children), 101);
    owner.kill();
    assert_eq!(harness.killed_orphans(), 132);
}

#[test]
fn groups_of_all_tethers_of_a_process_count() {
    let harness = harness();
    let mut owner = owner(&harness);
    for _ in 0..31 {
        owner.leak_tether();
        owner.tether(Signal::SIGKILL).unwrap();
    }
    let children: Vec<Pid> = (0..3).map(|_| spawn_sleeper(&mut owner).unwrap()).collect();
    assert_eq!(groups_of(&children).len(), 1);
    owner.kill();
    assert_eq!(harness.killed_orphans(), 3);
}

#[test]
fn groups_that_have_emptied_are_used_again() {
    let harness = harness();
    let mut owner = owner(&harness);
    let (_, open) = owner.count();
    let mut first = owner.spawn_tethered();
    owner.churn(1500);
    let more = owner.count().1 - open;
    assert!((1..=31).contains(&more), "{more} descriptors more");
    first.assert_lives();
    let last = owner.spawn_tethered();
    owner.kill();
    first.end();
    last.end();
}

/// A command that has joined a group may be spawned a moment later.
#[test]
fn a_group_that_has_emptied_is_used_again_after_a_while() {
    let harness = harness();
    let mut owner = owner(&harness);
    owner.churn(8);
    let full = owner.zombies().len();
    assert_eq!(full, 8);
    until("a group that is used again", || {
        owner.churn(1);
        (owner.zombies().len() < 32).then_some(())
    });
    let start = Instant::now();
    // At least one of these commands comes after the pause, and takes a group that is there.
    while start.elapsed() < Duration::from_millis(1500) {
        std::thread::sleep(Duration::from_millis(100));
        owner.churn(1);
    }
    assert!(owner.zombies().len() < 24, "{}", owner.zombies().len());
}

#[test]
fn without_a_descriptor_left_a_tether_is_an_error() {
    let harness = harness();
    let mut actor = harness.actor();
    actor.fill_descriptors();
    let error = actor.tether(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("socketpair(2)") && error.contains("ulimit -n"), "{error}");
    assert_eq!(actor.zombies(), []);
}

#[test]
fn without_a_descriptor_left_commands_share_the_group_that_is_there() {
    if cfg!(target_env = "musl") {
        skipped("posix_spawn of musl takes two descriptors");
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    owner.fill_descriptors();
    let children: Vec<Pid> = (0..200).map(|_| spawn_sleeper(&mut owner).unwrap()).collect();
    assert_eq!(groups_of(&children).len(), 1);
    assert_eq!(owner.zombies().len(), 1);
    owner.kill();
    assert_eq!(harness.killed_orphans(), 200);
}

fn ordinary_user_with<'a>(harness: &'a Harness, descriptors: u64, number: u32) -> Actor<'a> {
    let mut actor = harness.actor();
    actor.limit_descriptors(descriptors);
    actor.drop_privileges(user(number));
    actor
}

#[test]
fn a_tether_for_each_command_of_an_ordinary_user() {
    if cfg!(target_env = "musl") {
        skipped("posix_spawn of musl takes two descriptors");
        return;
    }
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = ordinary_user_with(&harness, 1024, 0);
    let mut tethers = 0;
    let error = loop {
        match owner.tether(Signal::SIGKILL) {
            Ok(()) => {}
            Err(error) => break error,
        }
        spawn_sleeper(&mut owner).unwrap();
        owner.leak_tether();
        tethers += 1;
    };
    // More than all could have that are in flight.
    assert!(tethers > 1024 / 7, "{tethers}");
    assert!(error.contains("socketpair(2)") && error.contains("ulimit -n"), "{error}");
    // Another program of this user can pass descriptors, and have tethers.
    let mut other = ordinary_user_with(&harness, 1024, 0);
    other.run_unix_gc();
    other.tether(Signal::SIGKILL).unwrap();
    assert_dies_with_its_member(&harness, other);
    owner.kill();
    assert_eq!(harness.killed_orphans(), tethers);
}

#[test]
fn four_hundred_commands_of_an_ordinary_user_with_1024_descriptors() {
    if !needs_root() {
        return;
    }
    // Of one process, and of several, each of which has groups of its own.
    for (owners, commands, number) in [(1, 400, 1), (6, 67, 5)] {
        let harness = harness();
        let mut owners: Vec<_> = (0..owners).map(|_| ordinary_user_with(&harness, 1024, number)).collect();
        for owner in &mut owners {
            owner.tether(Signal::SIGKILL).unwrap();
            for _ in 0..commands {
                spawn_sleeper(owner).unwrap();
            }
        }
        let all = owners.len() * commands;
        owners.into_iter().for_each(|owner| owner.kill());
        assert_eq!(harness.killed_orphans(), all);
    }
}

/// Root is exempt from the limit of descriptors in flight, not from that of open ones.
#[test]
fn ten_thousand_commands_of_root_with_1024_descriptors() {
    if !needs_root() {
        return;
    }
    const COMMANDS: usize = 10_000;
    let harness = harness();
    // It limits itself.
    let mut command = Command::new(OWNER);
    let mut owner = harness.start(command.args(["tether", &COMMANDS.to_string()]).stdout(Stdio::piped()));
    let output = BufReader::new(owner.stdout.take().unwrap());
    // Each that was spawned prints one.
    let dots = output.bytes().filter(|byte| byte.as_ref().is_ok_and(|byte| *byte == b'.')).take(COMMANDS).count();
    assert_eq!(dots, COMMANDS);
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_eq!(harness.killed_orphans(), COMMANDS);
}

/// In this form, each end of a pair is open and armed.
#[test]
fn where_few_descriptors_may_be_in_flight_members_die_by_open_ones() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    // It fills what there is in flight for this user.
    let mut other = ordinary_user_with(&harness, 200, 2);
    while other.tether(Signal::SIGKILL).is_ok() {
        other.leak_tether();
    }
    for cause in [None, Some(Cause::Exit)] {
        let mut owner = ordinary_user_with(&harness, 200, 2);
        let (_, open) = owner.count();
        owner.tether(Signal::SIGKILL).unwrap();
        assert_eq!(owner.count().1, open + 8);
        let mut child = owner.spawn_tethered();
        let grandchild = child.spawn();
        // The next one shares the group.
        let second = owner.spawn_tethered();
        assert_eq!(child.group(), second.group());
        match cause {
            None => owner.kill(),
            Some(cause) => drop(owner.die(cause)),
        }
        for member in [child, grandchild, second] {
            member.assert_dies_of(Signal::SIGKILL);
        }
    }
    let mut owner = ordinary_user_with(&harness, 200, 2);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    owner.release_tether().unwrap();
    owner.kill();
    child.assert_lives();
}

#[test]
fn too_many_processes_of_an_ordinary_user_are_an_error() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut actor = harness.actor();
    actor.limit_processes(user(3));
    let error = actor.tether(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("clone(") && error.contains("ulimit -u"), "{error}");
    assert_eq!(actor.count(), (1, harness.actor().count().1));
}

#[test]
fn an_ordinary_user_needs_no_privilege() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    owner.drop_privileges(user(4));
    owner.tether(Signal::SIGKILL).unwrap();
    assert_dies_with_its_member(&harness, owner);
}
