//! A tie holds in sessions without a terminal, and with one that has hung up.

use std::fs::File;
use std::process::Command;

use nix::sys::signal::Signal;
use pdeathsig_tests::{controlled_by_its_input, pty_pair, Actor, Harness};

use crate::{each_tie_holds, harness, Way, ACTOR};

/// A parent that leads a terminal's session, in its foreground.
// Reaped by its id.
#[allow(clippy::zombie_processes)]
fn parent(harness: &Harness) -> (Actor<'_>, File) {
    let (keyboard, screen) = pty_pair();
    let mut command = Command::new(ACTOR);
    harness.start(controlled_by_its_input(command.stdin(screen)));
    (harness.accept(), keyboard)
}

#[test]
fn a_session_without_a_terminal() {
    each_tie_holds(|parent| parent.new_session(), |_| {});
    // A process that has left the session has left the process group, but is tied in the other ways. The leader of a
    // group makes no session.
    for way in Way::ALL.into_iter().filter(|way| ![Way::Tether, Way::ProcessGroup].contains(way)) {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = way.tied(&mut parent, |_| {});
        child.new_session();
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn the_hang_up_is_the_parents_end() {
    for way in Way::ALL {
        let harness = harness();
        let (mut parent, keyboard) = parent(&harness);
        let mut child = way.tied(&mut parent, |_| {});
        // It comes to the foreground, too, and again when the session's leader ends.
        child.ignore(Signal::SIGHUP);
        drop(keyboard);
        parent.assert_dies_of(Signal::SIGHUP);
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn the_terminal_hung_up_and_both_went_on() {
    for before in [true, false] {
        for way in Way::ALL {
            let harness = harness();
            let (mut parent, keyboard) = parent(&harness);
            parent.ignore(Signal::SIGHUP);
            let mut keyboard = Some(keyboard);
            if before {
                keyboard = None;
            }
            let mut child = way.tied(&mut parent, |_| {});
            drop(keyboard);
            child.assert_lives();
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}
