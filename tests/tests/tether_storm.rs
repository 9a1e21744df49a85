//! Owners of a tether, killed at a random instant while four threads spawn groups that do nothing but fork: no process
//! survives.
//!
//! A hang-up walks through the group under RCU alone since commit 00633c468382 (stable kernels from June 2026): a process
//! that the walk has not reached yet can fork, and the newborn stands where the walk has passed. So a tether hangs up
//! four times. A survivor then needs a chain of four forks, one in each walk.
//!
//! `PDEATHSIG_STORMS` is the number of storms, with open descriptors a quarter of it. `PDEATHSIG_STORM_SIZE` scales the
//! number of groups, in percent of 120. `PDEATHSIG_SEED` is where the instants begin, which are scaled to the time that
//! the spawning takes.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pdeathsig_tests::{needs_root, number_from_environment, skipped, Harness};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const FORKING_OWNER: &str = env!("CARGO_BIN_EXE_forking_owner");
/// The one that `forking_owner` starts.
const _: &str = env!("CARGO_BIN_EXE_storm");

/// Shorter than they would live.
const SURVIVAL: Duration = Duration::from_secs(15);

/// A storm with its owner, which has a tether.
struct Storm<'a> {
    harness: &'a Harness,
    owner: Child,
    output: BufReader<ChildStdout>,
}

impl<'a> Storm<'a> {
    fn rise(harness: &'a Harness, options: &[&str]) -> Storm<'a> {
        let mut command = Command::new(FORKING_OWNER);
        let mut owner = harness.start(command.args(options).stdout(Stdio::piped()));
        let output = BufReader::new(owner.stdout.take().unwrap());
        let mut storm = Storm { harness, owner, output };
        storm.await_line("tethered\n");
        storm
    }

    fn await_line(&mut self, expected: &str) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, expected, "the owner of the storm failed");
    }

    /// How many were killed with the owner; none if a process has survived it for so long.
    fn kill(mut self, survival: Duration) -> Option<usize> {
        self.owner.kill().unwrap();
        self.owner.wait().unwrap();
        self.harness.killed_orphans_within(survival)
    }
}

/// How many were killed with an owner that got so far.
fn storm(harness: &Harness, options: &[&str], after: Duration, survival: Duration) -> Option<usize> {
    let storm = Storm::rise(harness, options);
    thread::sleep(after);
    storm.kill(survival)
}

/// The time that all the spawning takes, in which an owner is killed. The first time is the slowest.
fn time_to_spawn(harness: &Harness, options: &[&str]) -> Duration {
    let time = |_| {
        let mut storm = Storm::rise(harness, options);
        let start = Instant::now();
        storm.await_line("spawned\n");
        let time = start.elapsed();
        assert!(storm.kill(SURVIVAL).is_some());
        time
    };
    let time = (0..3).map(time).min().unwrap();
    assert!(time < SURVIVAL, "the spawning took {time:.0?}, and a survivor may exit before it is seen");
    time
}

fn at_random(random: &mut fastrand::Rng, within: Duration) -> Duration {
    within.mul_f64(random.f64())
}

fn storms() -> u64 {
    number_from_environment("PDEATHSIG_STORMS").unwrap_or(500)
}

#[test]
fn no_process_survives() {
    no_process_survives_with(&[], storms(), "storms");
}

/// Each end of a pair of sockets is open and armed, where few descriptors may be in flight.
#[test]
fn no_process_survives_with_open_descriptors() {
    if needs_root() {
        no_process_survives_with(&["--open"], (storms() / 4).max(1), "storms with open descriptors");
    }
}

fn no_process_survives_with(options: &[&str], storms: u64, name: &str) {
    let seed = number_from_environment("PDEATHSIG_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let harness = Harness::open(ACTOR);
    let within = time_to_spawn(&harness, options);
    let start = Instant::now();
    let mut killed = 0;
    for storm_number in 0..storms {
        let after = at_random(&mut random, within);
        let in_this_one = storm(&harness, options, after, SURVIVAL);
        killed += in_this_one.unwrap_or_else(|| panic!("survivors of storm {storm_number}, {after:?}, seed {seed}"));
    }
    let time = start.elapsed();
    println!(
        "{storms} {name}, each within {within:.0?}, in {time:.0?}, seed {seed}: {killed} processes killed, no survivor"
    );
}

/// What shows that the other test can fail. Where something survived, the first survivor came within 110 storms.
#[test]
fn with_one_hang_up_a_process_survives() {
    let most = storms().min(300);
    let harness = Harness::open(ACTOR);
    let mut random = fastrand::Rng::new();
    // With all hang-ups nothing is left of those that are measured.
    let within = time_to_spawn(&harness, &[]);
    for storms in 1..=most {
        let after = at_random(&mut random, within);
        if storm(&harness, &["--one-hang-up"], after, Duration::from_secs(5)).is_none() {
            println!("a survivor in storm {storms}");
            return;
        }
    }
    skipped(&format!("none of {most} storms had a survivor on this machine"));
}
