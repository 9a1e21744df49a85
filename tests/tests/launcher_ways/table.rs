//! The outcome as a Markdown table.

use std::fmt::Write;

use pdeathsig_tests::{is_installed, Dies, Guard, Outcome};

use crate::rows::Way;
use crate::Outcomes;

/// A tie and what dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Column {
    pub(crate) tie: Guard,
    pub(crate) dies: Dies,
}

impl Column {
    pub(crate) const ALL: [Column; 9] = [
        Column::of(Guard::Plain, Dies::Owner),
        Column::of(Guard::Setpriv, Dies::Owner),
        Column::of(Guard::Tini, Dies::Owner),
        Column::of(Guard::Tether, Dies::Owner),
        Column::of(Guard::Launcher, Dies::Owner),
        Column::of(Guard::Launcher, Dies::OwnersGroup),
        Column::of(Guard::Launcher, Dies::Outer),
        Column::of(Guard::Launcher, Dies::Inner),
        Column::of(Guard::Launcher, Dies::Program),
    ];

    pub(crate) const fn of(tie: Guard, dies: Dies) -> Column {
        Column { tie, dies }
    }

    pub(crate) fn is_available(self) -> bool {
        match self.tie {
            Guard::Setpriv => is_installed("setpriv"),
            Guard::Tini => is_installed("tini"),
            _ => true,
        }
    }
}

const HEAD: &str = "\
| way | plain | `setpriv --pdeathsig` | `tini -s -p` | `Tether` | `Launcher`: owner killed | its group | outer | inner | the program |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// How many leaves are left in each cell, and how many ways leave some in each column.
pub(crate) fn of(ways: &[&Way], outcomes: &Outcomes) -> String {
    let mut table = HEAD.to_owned();
    for way in ways {
        let cells = Column::ALL.map(|column| match outcomes.get(&(way.name, column)) {
            None | Some(Outcome::NotStarted(_)) => "—".to_owned(),
            Some(Outcome::Left { leaves: 0, all }) if all.is_empty() => "0".to_owned(),
            Some(Outcome::Left { leaves: 0, all }) => format!("0, other: {}", all.len()),
            Some(Outcome::Left { leaves, .. }) => format!("**{leaves}**"),
        });
        let mark = if way.survives { "" } else { " (ends by itself)" };
        writeln!(table, "| {}{mark} | {} |", way.name, cells.join(" | ")).unwrap();
    }
    let sums = Column::ALL.map(|column| {
        let outcomes = || ways.iter().filter_map(|way| outcomes.get(&(way.name, column)));
        let left = outcomes().filter(|outcome| matches!(outcome, Outcome::Left { all, .. } if !all.is_empty())).count();
        let tried = outcomes().filter(|outcome| matches!(outcome, Outcome::Left { .. })).count();
        format!("{left} of {tried}")
    });
    writeln!(table, "| **ways that leave something** | {} |", sums.join(" | ")).unwrap();
    table
}

/// What is not as it must be: under a launcher something is left; or nothing is without one.
pub(crate) fn failures(way: &Way, outcomes: &Outcomes) -> Vec<String> {
    let mut failures = Vec::new();
    for column in Column::ALL {
        let Column { tie, dies } = column;
        let Some(outcome) = outcomes.get(&(way.name, column)) else { continue };
        let wrong = match (tie, outcome) {
            (Guard::Launcher, Outcome::Left { all, .. }) => !all.is_empty(),
            (Guard::Launcher, Outcome::NotStarted(_)) => true,
            (Guard::Plain, Outcome::Left { leaves, .. }) => (*leaves > 0) != way.survives,
            _ => false,
        };
        if wrong {
            failures.push(format!("{}, {tie:?}, {dies:?}: {outcome:?}", way.name));
        }
    }
    failures
}
