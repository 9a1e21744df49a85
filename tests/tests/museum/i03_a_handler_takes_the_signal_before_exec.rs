//! A catchable signal comes between `prctl` and exec. The child of a fork has the handlers of its parent, one of which
//! takes it; exec goes on, and the program runs without a parent: util-linux/util-linux#1490 (its second race).
//! Cure: `Command::die_with_parent` resets the signal's handler before it arms; a `Tether`, whose signal comes in exec,
//! which does away with handlers.

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{Halt, Spawning, Stage};

use crate::ACTOR;

/// Kills a parent that handles SIGTERM while what it spawns is tied to it by SIGTERM and has not executed its program.
fn parent_dies_before_exec(stage: &Stage, spawning: Spawning) -> Pid {
    let mut parent = stage.actor();
    parent.catch(Signal::SIGTERM);
    parent.tether(Signal::SIGTERM).unwrap();
    parent.tell_spawn(Spawning { halt: Some(Halt::BeforeExec), ..spawning });
    let child = parent.halted_child();
    parent.kill();
    kill(child, Signal::SIGCONT).unwrap();
    child
}

#[test]
fn naive_the_parents_handler_takes_it_and_the_program_runs() {
    let stage = Stage::open(ACTOR);
    let orphan = parent_dies_before_exec(&stage, Spawning { bare: true, ..Spawning::armed(Signal::SIGTERM) });
    let mut program = stage.enter();
    assert_eq!(program.pid(), orphan);
    assert_eq!(program.read(), Ok(Some(Signal::SIGTERM as i32)));
    program.assert_lives();
}

#[test]
fn cure_the_handler_is_reset_before_arming() {
    let stage = Stage::open(ACTOR);
    let child = parent_dies_before_exec(&stage, Spawning::armed(Signal::SIGTERM));
    assert_eq!(stage.end_of(child), Signal::SIGTERM as i32);
    assert!(stage.enter_if_called().is_none(), "its program was executed");
}

#[test]
fn cure_tether() {
    let stage = Stage::open(ACTOR);
    let child = parent_dies_before_exec(&stage, Spawning::tethered());
    assert_eq!(stage.end_of(child), Signal::SIGTERM as i32);
    assert!(stage.enter_if_called().is_none(), "its program was executed");
}
