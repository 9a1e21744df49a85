//! A child that arms, reports its parent's pid, and waits for its end.

use std::io;

use nix::unistd::{alarm, pause, setsid, write};
use pdeathsig::{DieWithParent, Signal};
use pdeathsig_tests::{first_parent_named, fork_sleeper, forked, set_bare};

use crate::trial::Way;

/// A survivor exits by itself after so many seconds.
const LIFETIME: u32 = 60;

pub(crate) fn run(arguments: &[String]) {
    let [way, signal, parent, grandchildren] = arguments else { panic!("child WAY SIGNAL PARENT GRANDCHILDREN") };
    let (way, signal) = (Way::named(way).unwrap(), signal.parse::<Signal>().unwrap());
    alarm::set(LIFETIME);
    let tie = DieWithParent::new(signal);
    match way {
        Way::Call => tie.arm(),
        Way::ExpectedParent => tie.expected_parent(parent.parse().unwrap()).arm(),
        Way::Watch => tie.watch().arm(),
        Way::ProcessGroup => tie.process_group().arm(),
        Way::Descendants => tie.descendants().arm(),
        Way::Bare => {
            set_bare(signal.as_raw()).unwrap();
            Ok(())
        }
        Way::Command | Way::Tether | Way::BareBeforeExec => Ok(()),
        Way::Launcher | Way::LauncherGroup | Way::LauncherOuter | Way::LauncherInner => Ok(()),
    }
    .unwrap();
    let recorded = first_parent_named().unwrap_or(0);
    // If it armed too late, nothing kills its children.
    if !way.may_come_too_late() || recorded.to_string() == *parent {
        for number in 0..grandchildren.parse().unwrap() {
            if way.is_launcher() && number == 0 {
                daemon();
            } else {
                fork_sleeper(LIFETIME).unwrap();
            }
        }
    }
    let records = [std::process::id().to_ne_bytes(), recorded.to_ne_bytes()].concat();
    // Not through std's buffer, which takes a byte for the end of a line, and writes twice: in one piece, or the worker
    // would read a half.
    assert_eq!(write(io::stdout(), &records), Ok(records.len()));
    loop {
        pause();
    }
}

/// A fork of a fork, in a session of its own.
fn daemon() {
    if forked() {
        setsid().unwrap();
        fork_sleeper(LIFETIME).unwrap();
        std::process::exit(0);
    }
}
