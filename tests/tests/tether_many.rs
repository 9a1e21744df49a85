//! Many children under one tether: several groups, few descriptors, and errors at the limits, after which the tether is as it was.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{needs_root, Actor, Spawning, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
/// Who is nobody else, not even in another run of these tests, so that no others' sockets in flight or processes count.
fn user(number: u32) -> u32 {
    1_000_000 + 8 * std::process::id() + number
}

fn owner(stage: &Stage) -> Actor<'_> {
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    owner
}

fn spawn_sleeper(owner: &mut Actor<'_>) -> Result<Pid, String> {
    owner.try_spawn(Spawning { program: Some(("sleep".into(), vec!["60".into()])), ..Spawning::tethered() })
}

fn assert_dies_with_its_member(stage: &Stage, mut owner: Actor<'_>) {
    let child = spawn_sleeper(&mut owner).unwrap();
    owner.kill();
    assert_eq!(stage.end_of(child), Signal::SIGKILL as i32);
}

#[test]
fn they_are_in_several_groups_and_all_die() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let (_, open) = owner.count();
    let children: Vec<Pid> = (0..300).map(|_| spawn_sleeper(&mut owner).unwrap()).collect();
    let groups: BTreeSet<Pid> = children.iter().map(|child| getpgid(Some(*child)).unwrap()).collect();
    assert_eq!(groups.len(), 3);
    assert_eq!(owner.count().1, open + 2);
    owner.kill();
    assert_eq!(stage.killed_orphans(), 300);
}

#[test]
fn groups_that_have_emptied_are_used_again() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    let (_, open) = owner.count();
    let mut first = owner.spawn_tethered();
    owner.churn(1500);
    // One tenth of what it would be otherwise.
    let more = owner.count().1 - open;
    assert!((1..=5).contains(&more), "{more} descriptors more");
    first.assert_lives();
    let last = owner.spawn_tethered();
    owner.kill();
    first.end();
    last.end();
}

#[test]
fn without_a_descriptor_left_a_tether_is_an_error() {
    let stage = Stage::open(ACTOR);
    let mut actor = stage.actor();
    actor.fill_descriptors();
    let error = actor.tether(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("socketpair(2)") && error.contains("ulimit -n"), "{error}");
    assert_eq!(actor.zombies(), []);
}

#[test]
fn without_a_descriptor_left_a_tether_that_is_there_goes_on_until_it_needs_another_group() {
    let stage = Stage::open(ACTOR);
    let mut owner = owner(&stage);
    owner.churn(126);
    owner.fill_descriptors();
    for _ in 0..2 {
        spawn_sleeper(&mut owner).unwrap();
    }
    let error = spawn_sleeper(&mut owner).unwrap_err();
    assert!(error.contains("socketpair(2)") && error.contains("ulimit -n"), "{error}");
    assert_eq!(owner.zombies().len(), 1);
    // With room again it goes on.
    owner.free_descriptors();
    spawn_sleeper(&mut owner).unwrap();
    owner.kill();
    assert_eq!(stage.killed_orphans(), 3);
}

#[test]
fn too_many_descriptors_of_an_ordinary_user_in_flight_are_an_error() {
    if !needs_root("too_many_descriptors_of_an_ordinary_user_in_flight_are_an_error") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.limit_descriptors(40);
    owner.drop_privileges(user(0));
    let mut tethers = 0;
    let error = loop {
        match owner.tether(Signal::SIGKILL) {
            Ok(()) => owner.leak_tether(),
            Err(error) => break error,
        }
        tethers += 1;
    };
    assert!((5..20).contains(&tethers), "{tethers}");
    assert!(error.contains("sendmsg(SCM_RIGHTS)") && error.contains("in flight"), "{error}");
    // Nothing is left of the one that failed.
    assert_eq!(owner.zombies().len(), tethers);
    assert_eq!(owner.count().1, stage.actor().count().1 + tethers);
}

#[test]
fn at_the_limit_in_flight_a_tether_that_is_there_goes_on() {
    if !needs_root("at_the_limit_in_flight_a_tether_that_is_there_goes_on") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let [mut owner, mut another] = [(); 2].map(|()| {
        let mut actor = stage.actor();
        actor.limit_descriptors(40);
        actor.drop_privileges(user(1));
        actor
    });
    owner.tether(Signal::SIGKILL).unwrap();
    while another.tether(Signal::SIGKILL).is_ok() {
        another.leak_tether();
    }
    owner.churn(127);
    spawn_sleeper(&mut owner).unwrap();
    let error = spawn_sleeper(&mut owner).unwrap_err();
    assert!(error.contains("in flight"), "{error}");
    // With room again it goes on.
    another.kill();
    spawn_sleeper(&mut owner).unwrap();
    owner.kill();
    assert_eq!(stage.killed_orphans(), 2);
}

#[test]
fn too_many_processes_of_an_ordinary_user_are_an_error() {
    if !needs_root("too_many_processes_of_an_ordinary_user_are_an_error") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut actor = stage.actor();
    actor.limit_processes(user(3));
    let error = actor.tether(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("clone(") && error.contains("ulimit -u"), "{error}");
    assert_eq!(actor.count(), (1, stage.actor().count().1));
}

#[test]
fn an_ordinary_user_needs_no_privilege() {
    if !needs_root("an_ordinary_user_needs_no_privilege") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.drop_privileges(user(4));
    owner.tether(Signal::SIGKILL).unwrap();
    assert_dies_with_its_member(&stage, owner);
}
