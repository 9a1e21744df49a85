//! The examples of the parent's side do what they say and leave nothing behind, even when they are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{example, in_this_order};

use crate::harness;
use crate::running::{assert_no_folder_is_left, output_of, start_until};

const SHOWS: [&str; 5] = ["orphan", "process_group", "tether", "supervisor", "launcher"];

/// Of a table, the rows below the director's.
fn rows(table: &str) -> Vec<&str> {
    let rows: Vec<&str> = table.lines().filter(|line| line.contains('└')).collect();
    assert!(rows.len() >= 3, "{table}");
    rows
}

fn assert_all_are_gone(table: &str) {
    assert!(rows(table).iter().all(|row| row.contains("  gone ")), "{table}");
}

fn assert_none_is_gone(table: &str) {
    assert!(rows(table).iter().all(|row| !row.contains("  gone ")), "{table}");
}

/// Each part of what was printed that follows one of the lines with `marker`.
fn after_each<'a>(printed: &'a str, marker: &str) -> Vec<&'a str> {
    printed.split(marker).collect()
}

#[test]
fn orphan_shows_the_problem() {
    let printed = output_of("orphan");
    let [before, after] = after_each(&printed, "kill -9")[..] else { panic!("{printed}") };
    assert_none_is_gone(before);
    in_this_order(before, &["└ bash -c watch top > top.log", "└ watch top", "└ top"]);
    in_this_order(after, &["gone    └ bash", "└ watch top   ← orphan, its parent is now orphan", "└ top", "lives on"]);
    assert_none_is_gone(after.split_once("top.log").unwrap().1);
}

#[test]
fn process_group_shows_the_mistake_and_the_group_with_its_leader_and_without() {
    let printed = output_of("process_group");
    let [start, refused, together, leaderless] = after_each(&printed, "child.kill_process_group()")[..] else {
        panic!("{printed}")
    };
    assert_none_is_gone(start);
    in_this_order(
        refused,
        &["does not lead a process group", "`process_group(0)`", "No process got a signal", "\n2. "],
    );
    assert_none_is_gone(refused);
    let (together, leader_killed) = together.split_once("\n3. ").unwrap();
    assert_all_are_gone(together);
    in_this_order(leader_killed, &["└ top", "kill -9", "gone    └ bash", "← orphan", "└ top"]);
    assert_all_are_gone(leaderless);
}

#[test]
fn tether_leaves_nothing() {
    let printed = output_of("tether");
    let [before, after] = after_each(&printed, "kill -9")[..] else { panic!("{printed}") };
    assert_none_is_gone(before);
    in_this_order(before, &["└ tether --owner", "└ bash -c", "└ watch top", "└ top", "the tether's anchor"]);
    in_this_order(before, &["└ tether --owner", "zombie    └ tether <defunct>", "the tether's anchor"]);
    assert_all_are_gone(after);
}

#[test]
fn supervisor_replaces_a_worker_takes_all_with_it_and_lets_them_finish() {
    let printed = output_of("supervisor");
    let [before, replaced, killed, asked] = printed.split("   kill ").collect::<Vec<_>>()[..] else {
        panic!("{printed}")
    };
    assert_eq!(before.matches("alive     └ supervisor --worker").count(), 4);
    in_this_order(replaced, &["supervisor: worker 2 ended (signal: 9 (SIGKILL)); the next in 100ms", "\n   worker 2:"]);
    assert_eq!(replaced.matches("alive     └ supervisor --worker").count(), 4);
    assert_all_are_gone(killed.split_once("\n2. ").unwrap().0);
    in_this_order(asked, &["SIGTERM, so no worker is started again", "good bye", "All workers finished"]);
    assert_eq!(asked.matches("these were the last").count(), 4);
}

#[test]
fn without_a_director_the_workers_of_a_supervisor_end_with_it_all_the_same() {
    let harness = harness();
    let mut command = Command::new(example("supervisor"));
    let mut supervisor = harness.start(command.arg("--supervise").stdin(Stdio::null()).stdout(Stdio::piped()));
    let output = supervisor.stdout.take().unwrap();
    let mut silent = BTreeSet::from(["worker 1:", "worker 2:", "worker 3:", "worker 4:"]);
    let mut lines = BufReader::new(output).lines();
    while !silent.is_empty() {
        let line = lines.next().unwrap().unwrap();
        silent.retain(|worker| !line.starts_with(worker));
    }
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    assert_eq!(harness.killed_orphans(), 4);
}

#[test]
fn launcher_leaves_nothing_whatever_dies() {
    let printed = output_of("launcher");
    let [start, host_killed, child_killed] = after_each(&printed, "kill -9")[..] else { panic!("{printed}") };
    assert_none_is_gone(start);
    let (host_killed, _) = host_killed.split_once("\n2. ").unwrap();
    assert_all_are_gone(host_killed);
    let (child_killed, dropped) = child_killed.split_once("\n3. ").unwrap();
    assert_all_are_gone(child_killed);
    let (alive, dropped) = dropped.split_once("drop(child)").unwrap();
    assert_none_is_gone(alive);
    assert_all_are_gone(dropped);
}

#[test]
fn interrupted_examples_leave_no_process() {
    let signals = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGINT];
    for (name, signal) in SHOWS.into_iter().zip(signals) {
        let harness = harness();
        let example = start_until(&harness, name, "└", 3);
        example.signal(signal);
        assert_eq!(example.end().code(), Some(128 + signal as i32), "{name}");
        harness.assert_no_process_is_left();
        assert_no_folder_is_left(&harness);
    }
}

#[test]
fn killed_examples_leave_no_process() {
    for name in SHOWS {
        let harness = harness();
        let example = start_until(&harness, name, "└", 5);
        example.signal(Signal::SIGKILL);
        assert_eq!(example.end().code(), None, "{name}");
        // Some are reaped by the director. It panics if one lives on.
        harness.killed_orphans();
    }
}

#[test]
fn with_a_killed_director_examples_fail_and_leave_no_process() {
    for name in SHOWS {
        let harness = harness();
        let example = start_until(&harness, name, "└", 5);
        // The first row of the table.
        let row = example.printed.lines().find(|line| line.contains("  alive ")).unwrap();
        let director: i32 = row.split_whitespace().next().unwrap().parse().unwrap();
        kill(Pid::from_raw(director), Signal::SIGKILL).unwrap();
        assert_eq!(example.end().code(), Some(1), "{name}");
        harness.assert_no_process_is_left();
        assert_no_folder_is_left(&harness);
    }
}
