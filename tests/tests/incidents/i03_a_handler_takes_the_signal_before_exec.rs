//! A catchable signal comes between `prctl` and exec. The child of a fork has the handlers of its parent, one of which
//! takes it; exec goes on, and the program runs without a parent: util-linux/util-linux#1490 (its second race).
//! Cure: `Command::die_with_parent` resets the handler before it arms (`command::die_with_parent`); a `Tether`, whose
//! signal comes in exec, which removes handlers.

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{Halt, Harness, Spawning};

use crate::harness;

/// Kills a parent that handles SIGTERM while what it spawns is tied to it by SIGTERM and has not executed its program.
fn parent_dies_before_exec(harness: &Harness, spawning: Spawning) -> Pid {
    let mut parent = harness.actor();
    parent.catch(Signal::SIGTERM);
    parent.tether(Signal::SIGTERM).unwrap();
    parent.request_spawn(Spawning { halt: Some(Halt::BeforeExec), ..spawning });
    let child = parent.halted_child();
    parent.kill();
    kill(child, Signal::SIGCONT).unwrap();
    child
}

#[test]
fn naive_the_parents_handler_takes_it_and_the_program_runs() {
    let harness = harness();
    let orphan = parent_dies_before_exec(&harness, Spawning { bare: true, ..Spawning::armed(Signal::SIGTERM) });
    let mut program = harness.accept();
    assert_eq!(program.pid(), orphan);
    assert_eq!(program.read(), Ok(Some(Signal::SIGTERM as i32)));
    program.assert_lives();
}

#[test]
fn cure_tether() {
    let harness = harness();
    let child = parent_dies_before_exec(&harness, Spawning::tethered());
    assert_eq!(harness.end_of(child), Signal::SIGTERM as i32);
    assert!(harness.accept_if_connected().is_none(), "its program was executed");
}
