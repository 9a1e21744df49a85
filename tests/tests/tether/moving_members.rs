//! Members that change their process group when the tether is cut. The group that they join, in which is an unrelated
//! process, is not meant.
//!
//! The kernel's walk at a hang-up goes on from a member in whatever group that is in by then, since June 2026.
//! That of `kill` keeps changes of group out.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::sys::signal::{kill, Signal};
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{skipped, until, Actor, Harness, Spawning};

use crate::{harness, owner};

const STORM: &str = env!("CARGO_BIN_EXE_storm");

fn spawn(owner: &mut Actor<'_>, program: &str, arguments: &[&str]) -> Pid {
    let arguments = arguments.iter().map(ToString::to_string).collect();
    owner.try_spawn(Spawning { program: Some((program.into(), arguments)), ..Spawning::tethered() }).unwrap()
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    BySignal,
    ByOwnersEnd,
}

/// Whether the unrelated process got the signal, too. A member that stays dies in any case: each of the two that move
/// leads one walk astray at most.
fn unrelated_process_is_killed(harness: &Harness, cut: Cut) -> bool {
    let unrelated = pid_of(&harness.start(Command::new("sleep").arg("60").process_group(0)));
    let mut owner = owner(harness);
    let stays = spawn(&mut owner, "sleep", &["60"]);
    let moving = [(); 2].map(|()| spawn(&mut owner, STORM, &["move", &unrelated.to_string()]));
    for process in moving {
        until("a member in the unrelated process's group", || (getpgid(Some(process)) == Ok(unrelated)).then_some(()));
    }
    match cut {
        Cut::BySignal => owner.signal_tethered(Signal::SIGKILL).unwrap(),
        Cut::ByOwnersEnd => {
            owner.send(Signal::SIGKILL);
            owner.await_dead();
        }
    }
    kill(unrelated, Signal::SIGTERM).unwrap();
    let killed = harness.end_of(unrelated) == Signal::SIGKILL as i32;
    // They have not been reaped, so that their numbers are their own.
    for process in moving {
        kill(process, Signal::SIGKILL).unwrap();
    }
    owner.kill();
    assert_eq!(harness.end_of(stays), Signal::SIGKILL as i32);
    harness.killed_orphans();
    killed
}

#[test]
fn a_signal_reaches_no_process_in_the_group_that_members_join() {
    let harness = harness();
    for trial in 0..50 {
        assert!(!unrelated_process_is_killed(&harness, Cut::BySignal), "in trial {trial}");
    }
}

/// It would be better if it did not.
#[test]
fn the_owners_death_may_signal_a_process_in_the_group_that_members_join() {
    const MOST: usize = 500;
    let harness = harness();
    for trial in 1..=MOST {
        if unrelated_process_is_killed(&harness, Cut::ByOwnersEnd) {
            println!("an unrelated process in trial {trial}");
            return;
        }
    }
    skipped(&format!("in none of {MOST} trials did it, on this kernel"));
}
