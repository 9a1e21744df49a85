//! The kernel looks for sockets in flight that nobody can reach any more. It does not take a tether for one.

use nix::sys::signal::Signal;
use pdeathsig_tests::Stage;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

#[test]
fn a_collection_of_garbage_does_not_cut() {
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    for _ in 0..10 {
        owner.collect_garbage();
    }
    child.assert_lives();
    let mut another = owner.spawn_tethered();
    another.assert_lives();
    owner.kill();
    for member in [child, another] {
        member.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn nor_does_one_in_another_process() {
    let stage = Stage::open(ACTOR);
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    stage.actor().collect_garbage();
    child.collect_garbage();
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
