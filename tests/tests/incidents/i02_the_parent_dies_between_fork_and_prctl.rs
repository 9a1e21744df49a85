//! The parent dies after the fork and before the child's `prctl`. The kernel signals children that armed before, so
//! that this one is an orphan that gets no signal: util-linux/util-linux#1490 (its first race) and #1616,
//! containers/bubblewrap#633, #700 and #730, aristanetworks/bst#74.
//! Cure: the check after arming (`arming::races`); `expected_parent`, if the parent died even before that
//! (`arming::expected_parent`); on the parent's side `Command::die_with_parent` (`command::die_with_parent`) or a
//! `Tether`.

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Halt, Spawning};

use crate::harness;

/// Kills the parent while what it spawns is between fork and arming. Answers with that, which goes on then.
fn parent_dies_after_fork(mut parent: Actor<'_>, spawning: Spawning) -> Pid {
    parent.request_spawn(Spawning { halt: Some(Halt::BeforeArming), ..spawning });
    let child = parent.halted_child();
    parent.kill();
    kill(child, Signal::SIGCONT).unwrap();
    child
}

#[test]
fn naive_prctl_in_the_child_comes_too_late() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    parent.kill();
    child.set_bare(Signal::SIGKILL as i32);
    child.assert_lives();
}

#[test]
fn naive_prctl_in_pre_exec_comes_too_late() {
    let harness = harness();
    let orphan = parent_dies_after_fork(harness.actor(), Spawning { bare: true, ..Spawning::armed(Signal::SIGKILL) });
    let mut program = harness.accept();
    assert_eq!(program.pid(), orphan);
    assert_eq!(program.read(), Ok(Some(Signal::SIGKILL as i32)));
    program.assert_lives();
}

#[test]
fn cure_tether() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let child = parent_dies_after_fork(parent, Spawning::tethered());
    assert_eq!(harness.end_of(child), Signal::SIGKILL as i32);
}
