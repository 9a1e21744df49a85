//! What a child has in memory for its protection.

use std::fs;

use pdeathsig_tests::{Stage, Tie};

use super::family::{Three, Watched};
use super::results::{Part, Table, Unit};
use super::shared::turns;
use super::{Scale, ACTOR};

const TIES: [Tie; 6] = [Tie::Nothing, Tie::Call, Tie::Watch, Tie::Poll, Tie::Setpriv, Tie::Tether];

/// What the kernel calls it, and we.
const FIELDS: [(&str, &str); 3] =
    [("Rss", "resident"), ("Pss", "its share of that"), ("Private_Dirty", "written by it alone")];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let stage = Stage::open(ACTOR);
    let ties: Vec<Tie> = TIES.into_iter().filter(|tie| scale.has_setpriv || !tie.needs_setpriv()).collect();
    let mut bytes = FIELDS.map(|_| vec![Vec::new(); ties.len()]);
    for round in 0..scale.trials(41) {
        // One at a time, since they share.
        for turn in turns(round, ties.len()) {
            let three = Three::start(&stage, ties[turn], "one", &[]);
            let rollup = rollup(three.child());
            for (bytes, (field, _)) in bytes.iter_mut().zip(FIELDS) {
                bytes[turn].push(kib(&rollup, field) * 1024.0);
            }
            three.end();
        }
    }
    for (bytes, (_, name)) in bytes.into_iter().zip(FIELDS) {
        part.tables.push(Table::new(name, Unit::Bytes, ties.iter().map(|tie| tie.title().to_owned()).zip(bytes)));
    }
    part
}

fn rollup(process: &Watched) -> String {
    fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).unwrap()
}

fn kib(rollup: &str, field: &str) -> f64 {
    let value = rollup.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
