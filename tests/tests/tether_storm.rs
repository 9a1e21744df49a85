//! Owners of a tether, killed at a random instant while four threads spawn groups that do nothing but fork: no process
//! survives.
//!
//! A hang-up walks through the group under RCU alone since commit 00633c468382 (stable kernels from June 2026): a process
//! that the walk has not reached yet can fork, and the newborn stands where the walk has passed. So a tether hangs up
//! four times. A survivor then needs a chain of four forks, one in each walk.
//!
//! `PDEATHSIG_STORMS` is the number of storms, `PDEATHSIG_SEED` where the instants begin.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pdeathsig_tests::{needs_root, skipped, Harness};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const FORKING_OWNER: &str = env!("CARGO_BIN_EXE_forking_owner");
/// The one that `forking_owner` starts.
const _: &str = env!("CARGO_BIN_EXE_storm");

/// An instant within the time that all the spawning takes.
fn at_random(random: &mut fastrand::Rng) -> Duration {
    Duration::from_micros(random.u64(..20_000))
}

/// How many were killed with the owner; none if a process has survived it for so long.
fn storm(harness: &Harness, options: &[&str], after: Duration, survival: Duration) -> Option<usize> {
    let mut command = Command::new(FORKING_OWNER);
    let mut owner = harness.start(command.args(options).stdout(Stdio::piped()));
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    thread::sleep(after);
    owner.kill().unwrap();
    owner.wait().unwrap();
    harness.killed_orphans_within(survival)
}

fn number_from_environment(name: &str) -> Option<u64> {
    env::var(name).ok().map(|number| number.parse().unwrap())
}

#[test]
fn no_process_survives() {
    no_process_survives_with("", "storms");
}

/// Each end of a pair of sockets is open and armed, where few descriptors may be in flight.
#[test]
fn no_process_survives_with_open_descriptors() {
    if needs_root() {
        no_process_survives_with("--open", "storms with open descriptors");
    }
}

fn no_process_survives_with(option: &str, name: &str) {
    let options = if option.is_empty() { vec![] } else { vec![option] };
    let storms = number_from_environment("PDEATHSIG_STORMS").unwrap_or(500);
    let seed = number_from_environment("PDEATHSIG_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let harness = Harness::open(ACTOR);
    let start = Instant::now();
    let mut killed = 0;
    for storm_number in 0..storms {
        let after = at_random(&mut random);
        // Shorter than they would live.
        let in_this_one = storm(&harness, &options, after, Duration::from_secs(15));
        killed += in_this_one.unwrap_or_else(|| panic!("survivors of storm {storm_number}, {after:?}, seed {seed}"));
    }
    let time = start.elapsed();
    println!("{storms} {name} in {time:.0?}, seed {seed}: {killed} processes killed, no survivor");
}

/// What shows that the other test can fail.
#[test]
fn with_one_hang_up_a_process_survives() {
    let most = number_from_environment("PDEATHSIG_STORMS").unwrap_or(2000);
    let harness = Harness::open(ACTOR);
    let mut random = fastrand::Rng::new();
    for storms in 1..=most {
        let after = at_random(&mut random);
        if storm(&harness, &["--one-hang-up"], after, Duration::from_secs(5)).is_none() {
            println!("a survivor in storm {storms}");
            return;
        }
    }
    skipped(&format!("none of {most} storms had a survivor on this machine"));
}
