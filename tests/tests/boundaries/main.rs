//! Every boundary: a child is held before and after each system call between its birth and the end of arming, its
//! parent is killed there, and the child goes on. It dies, or lives, as the guarantee tables say.
//!
//! ```sh
//! cargo test --test boundaries -- --nocapture
//! ```
//!
//! The stops are those of the run itself: the first child is held at its birth, the next one a stop later, until one
//! has come to the end. With SIGTERM the parent has a handler for it, which a fork inherits.

mod documented;
mod outcome;
mod sweep;
mod way;

use nix::sys::signal::Signal;

use documented::{Tables, PHASES};
use outcome::Outcome;
use sweep::{sweep, Held, Phase, Stop, Sweep};
use way::Way;

const SIGNALS: [Signal; 2] = [Signal::SIGKILL, Signal::SIGTERM];

/// All sweeps of a way; each is printed.
fn sweeps(way: &Way) -> Vec<Sweep> {
    let all = SIGNALS.into_iter().flat_map(|signal| way.threads.iter().map(move |held| sweep(way, signal, *held)));
    all.inspect(|sweep| println!("{sweep}")).collect()
}

/// At each stop of a phase the child dies of the signal, or lives, as the tables say.
fn is_as_documented(way: &Way) {
    let sweeps = sweeps(way);
    for (phase, row) in Phase::ALL.into_iter().zip(PHASES) {
        let documented = Tables::read().child_dies(row, way.column);
        let mut held = 0;
        for sweep in &sweeps {
            let in_phase: Vec<&Stop> = sweep.stops.iter().filter(|stop| stop.phase == phase).collect();
            for stop in &in_phase {
                let expected = if documented { Outcome::Died(sweep.signal) } else { Outcome::Lives };
                assert_eq!(stop.outcome, expected, "{}: the parent dies {stop}", way.name);
            }
            held += in_phase.len();
        }
        // One sweep may end early: two threads hand over to each other by futex, as often as they happen to.
        assert!(held > 0, "{}: no stop is {phase:?}", way.name);
        let cell = if documented { "dies" } else { "lives" };
        println!("{}, the parent dies {row}: {cell}, at each of {held} stops", way.name);
    }
}

#[test]
fn die_with_parent_is_as_documented() {
    is_as_documented(&way::CALL);
}

#[test]
fn expected_parent_is_as_documented() {
    is_as_documented(&way::EXPECTED_PARENT);
}

#[test]
fn watch_is_as_documented() {
    is_as_documented(&way::WATCH);
}

#[test]
fn command_die_with_parent_is_as_documented() {
    is_as_documented(&way::COMMAND);
}

#[test]
fn tether_is_as_documented() {
    is_as_documented(&way::TETHER);
}

/// What shows that the others can fail.
#[test]
fn the_bare_call_leaves_survivors_until_it_is_made_and_before_exec_wherever_a_handler_is_left() {
    for (way, signal, survivor, dead) in [
        (&way::BARE, Signal::SIGKILL, "before prctl", "after prctl"),
        (&way::BARE, Signal::SIGTERM, "before prctl", "after prctl"),
        (&way::BARE_BEFORE_EXEC, Signal::SIGKILL, "before prctl", "after prctl"),
        (&way::BARE_BEFORE_EXEC, Signal::SIGTERM, "after prctl", "before execve"),
    ] {
        let sweep = sweep(way, signal, Held::Main);
        println!("{sweep}");
        let at = |place: &str| sweep.stops.iter().rev().find(|stop| stop.to_string() == place).unwrap();
        assert_eq!(at(survivor).outcome, Outcome::Lives, "{}", way.name);
        assert_eq!(at(dead).outcome, Outcome::Died(signal), "{}", way.name);
    }
}
