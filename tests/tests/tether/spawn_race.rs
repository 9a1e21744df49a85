//! An owner that dies in the middle of `posix_spawn` takes the child along: it never runs its program.

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{Boundary, Spawning, Tracee};

use crate::{harness, owner};

/// Kills the owner when the child has come to that system call, or has gone through it.
fn owner_dies_at(call: libc::c_long, through: bool, anchor_is_reaped: bool) {
    let harness = harness();
    let mut owner = owner(&harness);
    // The command joins the first group, which is there.
    let [anchor] = owner.zombies()[..] else { panic!("{:?}", owner.zombies()) };
    let owner_held = Tracee::seize(&owner);
    owner.request_spawn(Spawning::tethered());
    let mut held = owner_held.follow();
    held.run_to(|at| matches!(at, Boundary::Entry(number, _) if number == call));
    if through {
        held.step();
    }
    owner.send(Signal::SIGKILL);
    owner.end();
    if anchor_is_reaped {
        // It has come to the test with all others.
        harness.reap(anchor);
    }
    drop(held);
    // An actor would live until the test is over.
    harness.killed_orphans();
}

#[test]
fn an_owner_killed_before_the_child_has_joined_the_group_is_not_survived() {
    owner_dies_at(libc::SYS_setpgid, false, false);
    owner_dies_at(libc::SYS_setpgid, false, true);
}

#[test]
fn an_owner_killed_when_the_child_has_joined_the_group_is_not_survived() {
    owner_dies_at(libc::SYS_setpgid, true, false);
    owner_dies_at(libc::SYS_setpgid, true, true);
}

#[test]
fn an_owner_killed_before_the_child_executes_its_program_is_not_survived() {
    owner_dies_at(libc::SYS_execve, false, false);
    owner_dies_at(libc::SYS_execve, false, true);
}
