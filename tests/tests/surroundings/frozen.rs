//! A child in a frozen control group dies at once in the second version of control groups, else when it is thawed.

use std::io;

use nix::sys::signal::Signal;
use pdeathsig_tests::{skipped, until, Actor, ControlGroup, Harness};

use crate::{harness, Way};

fn frozen<'a>(harness: &'a Harness, way: Way, group: &ControlGroup) -> Actor<'a> {
    let mut parent = harness.actor();
    let child = way.tied(&mut parent, |_| {});
    group.take(&child);
    group.freeze();
    parent.kill();
    child
}

fn made(group: io::Result<ControlGroup>) -> Option<ControlGroup> {
    group.map_err(|error| skipped(&format!("no control group that can be frozen: {error}"))).ok()
}

#[test]
fn of_the_first_version_it_dies_when_it_is_thawed() {
    for way in Way::ALL {
        let harness = harness();
        let Some(group) = made(ControlGroup::freezer()) else { return };
        let child = frozen(&harness, way, &group);
        if !way.watches() {
            until("a pending signal", || is_pending(&child).then_some(()));
        }
        assert!(!child.dies());
        group.thaw();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn of_the_second_version_it_dies_at_once_but_by_a_watch_when_it_is_thawed() {
    for way in Way::ALL {
        let harness = harness();
        let Some(group) = made(ControlGroup::freezer_of_the_second_version()) else { return };
        let child = frozen(&harness, way, &group);
        if way.watches() {
            assert!(!child.dies());
            group.thaw();
        }
        child.assert_dies_of(Signal::SIGKILL);
    }
}

fn is_pending(child: &Actor<'_>) -> bool {
    let pending = u64::from_str_radix(&child.status(child.pid(), "SigPnd"), 16).unwrap();
    pending & 1 << (Signal::SIGKILL as i32 - 1) != 0
}
