//! Every signal that can be ignored or blocked is, by inheritance or by the child itself.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Options};

use crate::{each_tie_holds, harness, Way};

const NOT_REAPING: [fn(&mut Actor<'_>); 2] =
    [|actor: &mut Actor<'_>| actor.ignore_everything(), |actor: &mut Actor<'_>| actor.block_everything()];

#[test]
fn sigkill_comes_all_the_same() {
    for deaf in NOT_REAPING {
        each_tie_holds(|_| {}, deaf);
        for way in Way::ALL {
            let harness = harness();
            let mut parent = harness.actor();
            deaf(&mut parent);
            let child = way.tied(&mut parent, |_| {});
            parent.kill();
            // A parent that ignores SIGCHLD has no zombies to reap, whatever dies before it is gone.
            child.await_dead();
        }
    }
}

#[test]
fn an_inherited_ignored_or_blocked_signal_kills_only_what_a_command_has_armed() {
    for deaf in NOT_REAPING {
        for signal in [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGSYS] {
            for way in Way::ALL {
                let harness = harness();
                let mut parent = harness.actor();
                deaf(&mut parent);
                let mut child = way.tied_by(&mut parent, signal, |_| {});
                parent.kill();
                if way == Way::Command {
                    child.assert_dies_of(signal);
                } else {
                    child.assert_lives();
                }
            }
        }
    }
}

#[test]
fn a_signal_that_the_child_itself_blocks_ends_it_once_it_is_let_through() {
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = way.tied_by(&mut parent, Signal::SIGTERM, |_| {});
        child.block_everything();
        parent.kill();
        child.assert_lives();
        child.unblock(Signal::SIGTERM);
        child.assert_dies_of(Signal::SIGTERM);
    }
}

#[test]
fn a_grace_kills_a_child_that_ignores_or_blocks_the_signal() {
    for deaf in NOT_REAPING {
        for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
            let harness = harness();
            let mut parent = harness.actor();
            deaf(&mut parent);
            let mut child = parent.spawn();
            child.arm_with(Signal::SIGTERM, options.with_a_short_grace()).unwrap();
            let mut below = child.spawn();
            below.assert_lives();
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
            if options.watch {
                below.assert_lives();
            } else {
                // Reaped by the kernel where SIGCHLD is ignored.
                below.await_dead();
            }
        }
    }
}

/// Ignoring SIGCHLD has children reaped without a wait, but not what leads a tether's group.
#[test]
fn an_owner_that_ignores_or_blocks_sigchld_has_tethers() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.ignore_everything();
    owner.tether(Signal::SIGKILL).unwrap();
    let first = owner.spawn_tethered();
    first.send(Signal::SIGKILL);
    first.await_gone();
    let child = owner.spawn_tethered();
    // One for each group that the tether has.
    assert!(!owner.zombies().is_empty());
    owner.drop_tether();
    child.await_gone();
    assert_eq!(owner.zombies(), []);
    owner.assert_lives();
}
