//! Trees that fork without end, and trees of thousands: nothing of them is left when the owner or a process of the
//! launcher is killed.
//!
//! `PDEATHSIG_STORMS` is the number of storms, `PDEATHSIG_STORM_SIZE` how many processes each has, in percent of
//! 200, and `PDEATHSIG_SEED` what their instants are drawn from.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use pdeathsig_tests::{number_from_environment, storm_size, Dies, Harness, Launched};

const STORM: &str = env!("CARGO_BIN_EXE_storm");
const MANY_CHILDREN: &str = env!("CARGO_BIN_EXE_many_children");

/// What gets SIGKILL.
const DIES: [Dies; 4] = [Dies::Owner, Dies::OwnersGroup, Dies::Outer, Dies::Inner];

/// A host that starts a shell, which says that it is up and becomes a program that says so when its tree is there.
fn launched(harness: &Harness, user: Option<u32>, program: &str, arguments: &[&str], says: &str) -> Launched {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    host.args(["spawn", "sh", "-c", "echo up; exec \"$@\"", "sh", program]).args(arguments).process_group(0);
    if let Some(user) = user.filter(|_| geteuid().is_root()) {
        host.uid(user).gid(user);
    }
    let mut launched = Launched::by_host(harness, &mut host, 1);
    assert_eq!(launched.line(), says);
    launched
}

/// How long it takes until nothing is left, the launcher included.
fn time_to_end(harness: &Harness, dies: Dies, launched: &Launched, within: Duration) -> Duration {
    let start = Instant::now();
    launched.kill(dies);
    // Of the test, a subreaper, every survivor would be a child.
    assert!(harness.killed_orphans_within(within).is_some(), "{dies:?}: something is left after {within:?}");
    start.elapsed()
}

#[test]
fn nothing_is_left_of_a_tree_that_forks_without_end() {
    let storms = number_from_environment("PDEATHSIG_STORMS").unwrap_or(20);
    let seed = number_from_environment("PDEATHSIG_SEED").unwrap_or_else(|| fastrand::u64(..));
    let processes = storm_size(200).to_string();
    let mut random = fastrand::Rng::with_seed(seed);
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    println!("seed {seed}");
    let mut longest = Duration::ZERO;
    for storm in 0..storms {
        let dies = DIES[random.usize(..4)];
        // One of its own, so that others like this do not count.
        let user = 200_000 + random.u32(..100_000_000);
        let launched = launched(&harness, Some(user), STORM, &["endless", &processes], "risen\n");
        thread::sleep(Duration::from_micros(random.u64(..30_000)));
        // Shorter than it would live.
        let time = time_to_end(&harness, dies, &launched, Duration::from_secs(20));
        println!("storm {storm}: {dies:?} killed, nothing left after {time:.0?}");
        longest = longest.max(time);
    }
    println!("{storms} storms of {processes} processes, seed {seed}: no survivor; {longest:.0?} at most");
}

#[test]
fn nothing_is_left_of_two_thousand_descendants() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    for dies in DIES {
        let launched = launched(&harness, None, MANY_CHILDREN, &["2000"], "ready\n");
        let time = time_to_end(&harness, dies, &launched, Duration::from_secs(50));
        println!("2,000 descendants, {dies:?} killed: nothing left after {time:.0?}");
    }
}

#[test]
fn nothing_is_left_of_ten_thousand_descendants() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    for dies in [Dies::Owner, Dies::Inner] {
        let launched = launched(&harness, None, MANY_CHILDREN, &["10000"], "ready\n");
        let time = time_to_end(&harness, dies, &launched, Duration::from_secs(50));
        println!("10,000 descendants, {dies:?} killed: nothing left after {time:.0?}");
    }
}
