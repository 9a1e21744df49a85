//! `Tether::global` is one tether for the process, made once, and an error in a fork.

use std::process::Command;
use std::ptr;
use std::thread;

use pdeathsig::{CommandExt, Tether};
use pdeathsig_tests::End;

use crate::{harness, ACTOR};

// Reaped by the harness.
#[allow(clippy::zombie_processes)]
#[test]
fn all_threads_get_the_same_one() {
    let harness = harness();
    let all: Vec<&Tether> = (0..8).map(|_| thread::spawn(|| Tether::global().unwrap()).join().unwrap()).collect();
    assert!(all.iter().all(|tether| ptr::eq(*tether, all[0])));
    let child = harness.start(Command::new(ACTOR).tether(all[0]).unwrap());
    let mut actor = harness.accept();
    assert!(all[0].contains(child.id()));
    actor.assert_lives();
}

#[test]
fn in_a_fork_it_is_an_error_that_says_so() {
    let harness = harness();
    assert_eq!(harness.actor().global_tether_in_fork(), End::Exited(1));
}
