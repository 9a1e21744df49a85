//! Processes that fork while a launcher kills them, and many of them.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{Launched, Stage};

const STORM: &str = env!("CARGO_BIN_EXE_storm");

#[derive(Clone, Copy, Debug)]
enum Dies {
    Owner,
    Outer,
    Inner,
}

/// Kills one process while the storm rages, and then nothing is left.
fn weather(storm: &[&str], rounds: usize) {
    let stage = Stage::open(env!("CARGO_BIN_EXE_actor"));
    for round in 0..rounds {
        for dies in [Dies::Owner, Dies::Outer, Dies::Inner] {
            let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
            let mut launched = Launched::by_host(&stage, host.args(["spawn", STORM]).args(storm), 0);
            assert_eq!(launched.line(), "risen\n");
            let target = match dies {
                Dies::Owner => Pid::from_raw(launched.owner.id() as i32),
                Dies::Outer => launched.outer,
                Dies::Inner => launched.inner,
            };
            kill(target, Signal::SIGKILL).unwrap();
            let killed = stage.killed_orphans_within(Duration::from_secs(20));
            assert!(killed.is_some(), "{storm:?}, round {round}: {dies:?}");
        }
    }
}

#[test]
fn processes_that_hop_from_session_to_session() {
    weather(&["hop", "20"], 5);
}

#[test]
fn a_tree_that_grows() {
    weather(&["tree", "400"], 5);
}

#[test]
fn processes_that_fork_and_exit() {
    weather(&["breed", "500"], 5);
}

#[test]
fn one_that_waits_in_vfork() {
    weather(&["vfork", "1"], 2);
}

#[test]
fn a_crowd() {
    let stage = Stage::open(env!("CARGO_BIN_EXE_actor"));
    let script = "for i in $(seq 1000); do setsid sleep 1000 & done; echo up; wait";
    for who in 0..2 {
        let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
        let launched = Launched::by_host(&stage, host.args(["spawn", "bash", "-c", script]), 1);
        kill([launched.outer, launched.inner][who], Signal::SIGKILL).unwrap();
        assert!(stage.killed_orphans_within(Duration::from_secs(20)).is_some());
    }
}
