//! What is spawned with a `Tether` dies with its owner or by its signal, and no other process does.

mod anchor;
mod attach;
mod commands;
mod core_dump;
mod global;
mod in_a_fork;
mod leaves_nothing;
mod many;
mod members;
mod moving_members;
mod out_of_reach;
mod release;
mod shutdown;
mod spawn_race;
mod tokio_command;
mod unix_gc;
mod users;
mod wait;

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Harness};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(ACTOR)
}

/// The owner of a tether that kills its members.
fn owner(harness: &Harness) -> Actor<'_> {
    owner_with(harness, Signal::SIGKILL)
}

fn owner_with(harness: &Harness, signal: Signal) -> Actor<'_> {
    let mut owner = harness.actor();
    owner.tether(signal).unwrap();
    owner
}
