//! The anchors of a tether: nobody sees them who does not look for them, and if somebody takes them, nothing is lost.

use nix::sys::signal::Signal;
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{Actor, Spawning, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

fn owner(stage: &Stage) -> Actor<'_> {
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    owner
}

fn die_with(owner: Actor<'_>, members: &[&Actor<'_>]) {
    owner.kill();
    for member in members {
        member.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn it_is_a_zombie_that_leads_the_group_of_what_is_spawned() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let child = owner.spawn_tethered();
    let [anchor] = owner.zombies()[..] else { panic!("{:?}", owner.zombies()) };
    assert_eq!(getpgid(Some(anchor)), Ok(anchor));
    assert_eq!(child.group(), anchor);
}

#[test]
fn it_is_named_tether() {
    let stage = Stage::open(ACTOR);
    let owner = owner(&stage);
    let [anchor] = owner.zombies()[..] else { panic!("{:?}", owner.zombies()) };
    assert_eq!(std::fs::read_to_string(format!("/proc/{anchor}/comm")).unwrap(), "tether\n");
    // And the owner has its name still.
    assert_eq!(std::fs::read_to_string(format!("/proc/{}/comm", owner.pid())).unwrap(), "actor\n");
}

#[test]
fn no_wait_for_any_child_sees_it() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    assert_eq!(owner.wait_for_any(false), []);
    let child = owner.try_spawn(Spawning { program: Some(("true".into(), vec![])), ..Spawning::tethered() }).unwrap();
    let mut member = owner.spawn_tethered();
    // The one that ends is seen, and nobody else.
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
fn nobody_is_told_of_its_end() {
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.catch(Signal::SIGCHLD);
    owner.tether(Signal::SIGKILL).unwrap();
    owner.drop_tether();
    assert_eq!(owner.caught(), 0);
}

#[test]
fn it_stays_though_children_are_not_to_become_zombies() {
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.ignore(Signal::SIGCHLD);
    owner.tether(Signal::SIGKILL).unwrap();
    assert_eq!(owner.zombies().len(), 1);
    let child = owner.spawn_tethered();
    assert_eq!(owner.zombies(), [child.group()]);
    owner.kill();
    // If it was first, nobody had to reap it.
    child.await_dead();
}

#[test]
fn it_goes_with_the_tether() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    assert_eq!(owner.zombies().len(), 1);
    owner.drop_tether();
    assert_eq!(owner.zombies(), []);
    assert_eq!(owner.count(), (1, stage.actor().count().1));
}

#[test]
fn when_it_is_taken_what_was_spawned_dies_all_the_same_and_the_next_is_in_another_group() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
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
fn when_it_is_taken_before_anything_was_spawned() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    assert_eq!(owner.wait_for_any(true).len(), 1);
    let mut child = owner.spawn_tethered();
    child.assert_lives();
    die_with(owner, &[&child]);
}

#[test]
fn when_it_is_taken_a_drop_still_reaches_those_who_are_there() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let child = owner.spawn_tethered();
    owner.wait_for_any(true);
    owner.drop_tether();
    child.await_dead();
}

#[test]
fn when_it_is_taken_a_signal_still_reaches_those_who_are_there() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let mut child = owner.spawn_tethered();
    child.catch(Signal::SIGUSR1);
    owner.wait_for_any(true);
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    child.await_caught(1);
}

#[test]
fn when_its_number_was_given_to_another_that_one_is_left_alone() {
    let test = "when_its_number_was_given_to_another_that_one_is_left_alone";
    if !pdeathsig_tests::needs_root(test) {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let [anchor]: [Pid; 1] = owner.wait_for_any(true).try_into().unwrap();
    // It leads a group of its own by that number, and so does whoever is spawned into it.
    let mut stranger = owner.fork_with_number(anchor);
    stranger.lead_process_group();
    assert_eq!((stranger.pid(), stranger.group()), (anchor, anchor));
    stranger.catch(Signal::SIGUSR1);
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    let mut child = owner.spawn_tethered();
    assert_ne!(child.group(), anchor);
    child.assert_lives();
    assert_eq!(stranger.caught(), 0);
    owner.drop_tether();
    child.await_dead();
    assert_eq!(stranger.caught(), 0);
    stranger.assert_lives();
}
