//! The signal was ignored, as `nohup` has SIGHUP ignored, or blocked, when the child was started. It inherits both
//! through exec; the signal comes, and the child lives. Met in containers and on CI runners; no public report has a
//! number.
//! Cure: `Command::die_with_parent` undoes both first. A child can find out: `parent_death_signal` tells what is armed,
//! SigIgn and SigBlk in `/proc/self/status` whether it would be heard; SIGKILL always is.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Harness, Spawning};

use crate::harness;

/// What is in the way of a signal.
const OBSTACLES: [fn(&mut Actor<'_>); 2] =
    [|parent| parent.ignore(Signal::SIGHUP), |parent| parent.block(Signal::SIGHUP)];

/// A parent that ignores or blocks SIGHUP.
fn parent(harness: &Harness, obstacle: fn(&mut Actor<'_>)) -> Actor<'_> {
    let mut parent = harness.actor();
    // What the test itself was started under, perhaps `nohup`, ends here: exec makes a handler the default action.
    parent.catch(Signal::SIGHUP);
    obstacle(&mut parent);
    parent
}

/// Whether the armed signal would end the child: what it can find out by itself.
fn would_hear(child: &mut Actor<'_>) -> bool {
    let signal = child.read().unwrap().expect("a signal is armed");
    let is_in = |field| u64::from_str_radix(&child.status(child.pid(), field), 16).unwrap() & 1 << (signal - 1) != 0;
    !is_in("SigIgn") && !is_in("SigBlk")
}

#[test]
fn naive_the_bare_call_in_the_child_is_not_heard() {
    for obstacle in OBSTACLES {
        let harness = harness();
        let mut parent = parent(&harness, obstacle);
        let mut child = parent.spawn();
        child.set_bare(Signal::SIGHUP as i32);
        parent.kill();
        child.assert_lives();
    }
}

#[test]
fn naive_the_bare_call_in_pre_exec_is_not_heard() {
    for obstacle in OBSTACLES {
        let harness = harness();
        let mut parent = parent(&harness, obstacle);
        let mut child = parent.spawn_as(Spawning { bare: true, ..Spawning::armed(Signal::SIGHUP) });
        parent.kill();
        child.assert_lives();
    }
}

#[test]
fn cure_on_the_parents_side_both_are_undone() {
    for obstacle in OBSTACLES {
        let harness = harness();
        let mut parent = parent(&harness, obstacle);
        let mut child = parent.spawn_as(Spawning::armed(Signal::SIGHUP));
        assert!(would_hear(&mut child));
        parent.kill();
        child.assert_dies_of(Signal::SIGHUP);
    }
}

#[test]
fn cure_on_the_childs_side_it_finds_out_and_arms_sigkill() {
    for obstacle in OBSTACLES {
        let harness = harness();
        let mut parent = parent(&harness, obstacle);
        let mut child = parent.spawn();
        child.arm(Signal::SIGHUP).unwrap();
        assert!(!would_hear(&mut child));
        child.arm(Signal::SIGKILL).unwrap();
        assert!(would_hear(&mut child));
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}
