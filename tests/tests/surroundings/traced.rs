//! SIGKILL reaches a traced child; other signals are for its tracer to deliver. A traced parent's death counts.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Boundary, Tracee};

use crate::{harness, Way};

/// Where a tracer may stop a process.
const STOPS: [fn(&Actor<'_>) -> Tracee; 4] = [
    Tracee::seize,
    |actor| {
        let mut held = Tracee::seize(actor);
        actor.send(Signal::SIGUSR1);
        assert_eq!(held.run_to_signal(), Signal::SIGUSR1);
        held
    },
    stopped_before_a_call,
    |actor| {
        let mut held = stopped_before_a_call(actor);
        // It waits for the test's word there, until a signal without an effect wakes it.
        actor.send(Signal::SIGWINCH);
        held.run_to(|at| matches!(at, Boundary::Exit(_)));
        held
    },
];

fn stopped_before_a_call(actor: &Actor<'_>) -> Tracee {
    let mut held = Tracee::seize(actor);
    held.run_to(|at| matches!(at, Boundary::Entry(..)));
    held
}

#[test]
fn sigkill_goes_through_wherever_the_child_is_stopped() {
    for stop in STOPS {
        for way in Way::ALL {
            let harness = harness();
            let mut parent = harness.actor();
            let child = way.tied(&mut parent, |_| {});
            let _held = stop(&child);
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn a_signal_that_can_be_caught_is_the_tracers_to_deliver() {
    for way in Way::ALL {
        for delivered in [true, false] {
            let harness = harness();
            let mut parent = harness.actor();
            let mut child = way.tied_by(&mut parent, Signal::SIGTERM, |_| {});
            let mut held = Tracee::seize(&child);
            parent.kill();
            assert_eq!(held.run_to_signal(), Signal::SIGTERM);
            if way == Way::Descendants && !delivered {
                // It is sent to the process, and to each thread of one that ends of it.
                assert_eq!(held.run_to_signal(), Signal::SIGTERM);
            }
            if delivered {
                held.deliver(Signal::SIGTERM);
                child.assert_dies_of(Signal::SIGTERM);
            } else {
                drop(held);
                child.assert_lives();
            }
        }
    }
}

#[test]
fn a_parent_that_dies_where_it_is_stopped_takes_the_child_along() {
    for stop in STOPS {
        for way in Way::ALL {
            let harness = harness();
            let mut parent = harness.actor();
            let child = way.tied(&mut parent, |_| {});
            let held = stop(&parent);
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
            drop(held);
        }
    }
}

#[test]
fn a_parent_that_is_stopped_and_goes_on_is_alive() {
    for stop in STOPS {
        for way in Way::ALL {
            let harness = harness();
            let mut parent = harness.actor();
            let mut child = way.tied(&mut parent, |_| {});
            drop(stop(&parent));
            child.assert_lives();
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}
