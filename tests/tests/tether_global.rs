//! `Tether::global`: one for the process, made once.

use std::process::Command;
use std::ptr;
use std::thread;

use pdeathsig::{CommandExt, Tether};
use pdeathsig_tests::{End, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

// Reaped by the stage.
#[allow(clippy::zombie_processes)]
#[test]
fn all_threads_get_the_same_one() {
    let stage = Stage::open(ACTOR);
    let all: Vec<&Tether> = (0..8).map(|_| thread::spawn(|| Tether::global().unwrap()).join().unwrap()).collect();
    assert!(all.iter().all(|tether| ptr::eq(*tether, all[0])));
    let child = stage.start(Command::new(ACTOR).tether(all[0]).unwrap());
    let mut actor = stage.enter();
    assert!(all[0].contains(child.id()));
    actor.assert_lives();
}

#[test]
fn in_a_fork_it_is_an_error_that_says_so() {
    let stage = Stage::open(ACTOR);
    assert_eq!(stage.actor().global_tether_in_fork(), End::Exited(1));
}
