//! What it costs a child to arm.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use pdeathsig::{outlive_parent, DieWithParent, Signal};
use pdeathsig_tests::{bare_calls, Tie};

use super::results::{nanoseconds, Part, Table, Unit};
use super::shared::turns;
use super::{Scale, PEER_CHILD};

/// So few that most often nothing else comes between.
const CALLS: u32 = 1000;

/// What is called, and what it checks.
const CALLED: [(Option<Tie>, &str, &str); 7] = [
    (Some(Tie::Prctl), "", "nothing but the call's own error"),
    (Some(Tie::Nix), "", "the same"),
    (Some(Tie::Rustix), "", "the same"),
    (Some(Tie::Ur), "", "the same; an error is printed, and the program goes on"),
    (None, "the five calls of ours, bare", "what ours checks"),
    (Some(Tie::Call), "", "that it is the main thread; that the parent has not died meanwhile"),
    (None, EXPECTING, "the same, and that the parent has not died before"),
];

const EXPECTING: &str = "**`pdeathsig`, `expected_parent`**";
const C: [(&str, &str); 2] = [("C, `prctl`", "nothing"), ("C, five calls", "what ours checks")];
/// Each in a process of its own, where it is the first.
const WATCHING: [(&str, &str); 3] = [
    ("**`pdeathsig`, `watch`: arm**", "the parent process, which a thread waits for; it is started"),
    ("**`pdeathsig`, `watch`: cancel**", "the thread sleeps on"),
    ("**`pdeathsig`, `watch`: arm again**", "the same; the thread is there"),
];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let folder = tempfile::tempdir().unwrap();
    let c = compile(folder.path());
    if let Err(reason) = &c {
        part.skip("arming in C", reason);
    }
    let mut calls = vec![Vec::new(); CALLED.len()];
    let mut in_c = [Vec::new(), Vec::new()];
    let mut watching = [Vec::new(), Vec::new(), Vec::new()];
    let mut idle_wait = scale.idle_wait(30);
    for round in 0..scale.trials(400) {
        if round % 20 == 0 {
            idle_wait.await_quiet();
        }
        for turn in turns(round, CALLED.len() + 2) {
            match turn.checked_sub(CALLED.len()) {
                None => calls[turn].push(called(turn)),
                Some(0) => c.iter().for_each(|program| extend(&mut in_c, run(&mut Command::new(program)))),
                Some(_) => extend(&mut watching, run(Command::new(PEER_CHILD).args([Tie::Watch.name(), "--timed"]))),
            }
        }
    }
    outlive_parent().unwrap();
    let names = CALLED.iter().map(|(tie, name, note)| (tie.map_or(*name, Tie::title), *note));
    let notes: Vec<(&str, &str)> = names.chain(C).chain(WATCHING).collect();
    let times = calls.into_iter().chain(in_c).chain(watching);
    let mut table =
        Table::new("arming", Unit::Nanoseconds, notes.iter().map(|(name, _)| (*name).to_owned()).zip(times));
    for row in &mut table.rows {
        row.note = notes.iter().find(|(name, _)| *name == row.name).map(|(_, note)| (*note).to_owned());
    }
    part.tables.push(table);
    part
}

fn extend<const N: usize>(all: &mut [Vec<f64>; N], times: [f64; N]) {
    all.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
}

fn each(calls: u32, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| call());
    nanoseconds(start.elapsed()) / f64::from(calls)
}

fn called(turn: usize) -> f64 {
    let parent = std::os::unix::process::parent_id();
    match CALLED[turn] {
        (Some(Tie::Prctl), ..) => each(CALLS, || Tie::Prctl.arm()),
        (Some(Tie::Nix), ..) => each(CALLS, || Tie::Nix.arm()),
        (Some(Tie::Rustix), ..) => each(CALLS, || Tie::Rustix.arm()),
        (Some(Tie::Ur), ..) => each(CALLS, || Tie::Ur.arm()),
        (Some(_), ..) => each(CALLS, || Tie::Call.arm()),
        (None, EXPECTING, _) => each(CALLS, || DieWithParent::new(Signal::KILL).expected_parent(parent).arm().unwrap()),
        _ => each(CALLS, || assert!(bare_calls(9))),
    }
}

fn compile(folder: &Path) -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/arming.c");
    let program = folder.join("arming");
    let output = Command::new("cc").arg("-O2").arg("-o").arg(&program).arg(source).output();
    let output = output.map_err(|error| format!("no C compiler: {error}"))?;
    if output.status.success() {
        Ok(program)
    } else {
        Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// The times that a program prints.
fn run<const N: usize>(command: &mut Command) -> [f64; N] {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} fails");
    let text = String::from_utf8(output.stdout).unwrap();
    let times: Vec<f64> = text.split_whitespace().map(|time| time.parse().unwrap()).collect();
    times.try_into().unwrap()
}
