//! What a child has in memory for its protection.

use pdeathsig_tests::{Harness, Tie};

use super::family::Three;
use super::results::{Part, Table, Unit};
use super::shared::at_random;
use super::smaps::{bytes_of, rollup};
use super::{Scale, ACTOR};

const TIES: [Tie; 6] = [Tie::Nothing, Tie::Call, Tie::Watch, Tie::Poll, Tie::Setpriv, Tie::Tether];

/// What the kernel calls it, and we.
const FIELDS: [(&str, &str); 3] =
    [("Rss", "resident"), ("Pss", "its share of that"), ("Private_Dirty", "written by it alone")];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let harness = Harness::open(ACTOR);
    let ties = scale.usable(TIES, &mut part);
    let mut bytes = FIELDS.map(|_| vec![Vec::new(); ties.len()]);
    for round in 0..scale.trials(41) {
        // One at a time, since they share.
        for turn in at_random(round, ties.len()) {
            let three = Three::start(&harness, ties[turn], "one", &[]);
            let rollup = rollup(three.child().pid);
            for (bytes, (field, _)) in bytes.iter_mut().zip(FIELDS) {
                bytes[turn].push(bytes_of(&rollup, field));
            }
            three.end();
            harness.killed_orphans();
        }
    }
    for (bytes, (_, name)) in bytes.into_iter().zip(FIELDS) {
        part.tables.push(Table::new(name, Unit::Bytes, ties.iter().map(|tie| tie.title().to_owned()).zip(bytes)));
    }
    part
}
