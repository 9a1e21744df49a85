//! How long many children take to die.

use std::process::Command;
use std::time::Duration;

use pdeathsig_tests::{Harness, Tie};

use super::control_groups::ControlGroups;
use super::results::{nanoseconds, Part, Table, Unit};
use super::shared::family::Family;
use super::shared::idle_wait::IdleWait;
use super::shared::{at_random, has, CHILD};
use super::{Scale, ACTOR, PEER_PARENT};

const OWNER: &str = env!("CARGO_BIN_EXE_owner");

const TIES: [Tie; 8] = [
    Tie::PrctlBeforeExec,
    Tie::UrSpawn,
    Tie::Setpriv,
    Tie::ProcesskitArmed,
    Tie::Fork,
    Tie::ProcessGuardArmed,
    Tie::DieWithParent,
    Tie::Tether,
];

/// How many children, and how many trials.
const CROWDS: [(usize, usize); 4] = [(100, 31), (1000, 11), (2000, 9), (10_000, 5)];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let groups = ControlGroups::new();
    let mut idle_wait = scale.idle_wait(120);
    let ties = scale.usable(TIES, &mut part);
    for (number, trials) in CROWDS {
        let what = format!("the death of {number}");
        if number > scale.most {
            part.skip(&what, "not asked for in this run (`--most`)");
        } else if has(number * CHILD, &what) {
            let times = crowd(&ties, number, scale.trials(trials), &groups, &mut idle_wait);
            add_rows(&mut part, &ties, number, times);
        } else {
            part.skip(&what, "too little memory");
        }
    }
    part
}

/// Each child's share of the time until all are dead, and of that in which they were spawned; or why there is none.
type Times = Result<(Vec<f64>, Vec<f64>), String>;

fn crowd(ties: &[Tie], number: usize, trials: usize, groups: &ControlGroups, idle_wait: &mut IdleWait) -> Vec<Times> {
    let mut times = vec![Ok((Vec::new(), Vec::new())); ties.len()];
    for trial in 0..trials {
        for turn in at_random(trial, ties.len()) {
            let Ok((dead, spawned)) = &mut times[turn] else { continue };
            let died = die(ties[turn], number, idle_wait);
            groups.sweep();
            match died {
                Ok(took) => {
                    dead.push(nanoseconds(took.0) / number as f64);
                    spawned.push(nanoseconds(took.1) / number as f64);
                }
                Err(reason) => times[turn] = Err(reason),
            }
        }
    }
    times
}

fn add_rows(part: &mut Part, ties: &[Tie], number: usize, times: Vec<Times>) {
    let (mut dead, mut spawned) = (Vec::new(), Vec::new());
    for (tie, times) in ties.iter().zip(times) {
        match times {
            Ok(times) => {
                dead.push((tie.title().to_owned(), times.0));
                spawned.push((tie.title().to_owned(), times.1));
            }
            Err(reason) => part.skip(&format!("the death of {number} by {}", tie.title()), &reason),
        }
    }
    part.tables.push(Table::new(&format!("{number} die"), Unit::Nanoseconds, dead));
    part.tables.push(Table::new(&format!("{number} spawned"), Unit::Nanoseconds, spawned));
}

fn die(tie: Tie, number: usize, idle_wait: &mut IdleWait) -> Result<(Duration, Duration), String> {
    let harness = Harness::open(ACTOR);
    let mut command = Command::new(PEER_PARENT);
    let family = Family::start(&harness, command.args(["many", tie.name(), &number.to_string(), OWNER]), number)?;
    let spawned = family.report.spawned_in;
    idle_wait.await_quiet();
    Ok((family.die().dead, spawned))
}
