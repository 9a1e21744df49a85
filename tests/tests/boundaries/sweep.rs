//! One child after another, each held a stop later than the one before.

use std::fmt::{self, Display};

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{is_poll, Boundary, Harness, Tracee};
use syscalls::Sysno;

use crate::outcome::Outcome;
use crate::way::Way;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// Which thread of the child is held; the other one runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Main,
    /// The one that watches the parent.
    Watcher,
}

/// How far the child has come, as the rows of the guarantee tables have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    BeforeItRecords,
    WhileItArms,
    Later,
}

impl Phase {
    pub(crate) const ALL: [Phase; 3] = [Phase::BeforeItRecords, Phase::WhileItArms, Phase::Later];
}

/// Where a child was held, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// None at its birth.
    call: Option<Sysno>,
    through: bool,
    pub(crate) phase: Phase,
    pub(crate) outcome: Outcome,
}

/// All stops of a way.
pub(crate) struct Sweep {
    way: &'static str,
    pub(crate) signal: Signal,
    pub(crate) held: Held,
    pub(crate) stops: Vec<Stop>,
}

/// Holds a child at each stop there is.
pub(crate) fn sweep(way: &Way, signal: Signal, held: Held) -> Sweep {
    let harness = Harness::open(ACTOR);
    let stops = (0..).map_while(|stop| trial(&harness, way, signal, held, stop)).collect();
    Sweep { way: way.name, signal, held, stops }
}

/// None if the child has come to the end before that stop.
fn trial(harness: &Harness, way: &Way, signal: Signal, held: Held, stop: usize) -> Option<Stop> {
    let mut parent = harness.actor();
    if signal != Signal::SIGKILL {
        parent.catch(signal);
    }
    (way.prepare)(&mut parent, signal);
    let spawner = Tracee::seize(&parent);
    parent.request_spawn((way.spawning)(&parent, signal));
    let child = spawner.follow();
    let id = child.pid();
    let (mut tracee, mut place) = match held {
        Held::Main => (child, Place::birth(way, Phase::BeforeItRecords)),
        Held::Watcher => (child.follow_to_thread(), Place::birth(way, Phase::WhileItArms)),
    };
    let is_over = (0..stop).any(|_| place.is_last_after(tracee.step(), held));
    parent.kill();
    drop(tracee);
    // Also where it is over, so that it ends.
    let outcome = Outcome::of(harness, id, way.threads.contains(&Held::Watcher));
    // The leader of a tether's group.
    harness.killed_orphans();
    harness.drop_dead_connections();
    (!is_over).then_some(Stop { call: place.call, through: place.through, phase: place.phase, outcome })
}

/// Where a child is.
struct Place<'a> {
    way: &'a Way,
    call: Option<Sysno>,
    through: bool,
    phase: Phase,
    /// What counts only when the system call has been gone through.
    next: Phase,
}

impl Place<'_> {
    fn birth(way: &Way, phase: Phase) -> Place<'_> {
        Place { way, call: None, through: true, phase, next: phase }
    }

    /// Goes on, and tells whether this is the last stop.
    fn is_last_after(&mut self, at: Boundary, held: Held) -> bool {
        match at {
            Boundary::Entry(number, _) => {
                self.call = Sysno::new(number as usize);
                self.through = false;
                if self.phase == Phase::BeforeItRecords && (self.way.records)(at) {
                    self.next = Phase::WhileItArms;
                } else if self.phase == Phase::WhileItArms && (self.way.is_armed)(at) {
                    self.next = Phase::Later;
                }
                match held {
                    Held::Main => number == libc::SYS_socket,
                    Held::Watcher => is_poll(number),
                }
            }
            Boundary::Exit(_) => {
                self.through = true;
                self.phase = self.next;
                false
            }
        }
    }
}

impl Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.call {
            None => write!(formatter, "at birth"),
            Some(call) => write!(formatter, "{} {call}", if self.through { "after" } else { "before" }),
        }
    }
}

impl Display for Sweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = if self.held == Held::Main { "" } else { ", its watching thread held" };
        writeln!(formatter, "{}, {}{thread}: {} stops", self.way, self.signal, self.stops.len())?;
        let mut first = 0;
        for alike in self.stops.chunk_by(|one, other| (one.phase, one.outcome) == (other.phase, other.outcome)) {
            let last = first + alike.len();
            let range = format!("{}..{last}", first + 1);
            let places = format!("{} … {}", self.stops[first], self.stops[last - 1]);
            writeln!(
                formatter,
                "  {range:>8}  {:16} {places:45} {}",
                format!("{:?}", alike[0].phase),
                alike[0].outcome
            )?;
            first = last;
        }
        Ok(())
    }
}
