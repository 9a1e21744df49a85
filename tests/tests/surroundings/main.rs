//! Hostile surroundings: each ends in protection, or in an error that says what to do, and then nothing is half-armed.

mod descriptors;
mod every_call_refused;
mod frozen;
mod limits;
mod namespaces;
mod out_of_memory;
mod privileges;
mod proc;
mod refused;
mod signals;
mod subreapers;
mod terminal;
mod tether_refused;
mod traced;
mod watch_refused;

use std::fs;

use nix::sys::signal::Signal;
use pdeathsig_tests::{until, Actor, Harness, Options, Spawning};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const NOBODY: u32 = 65534;

/// A user of this run of the tests alone.
fn user() -> u32 {
    30_000_000 + std::process::id()
}

/// A way to tie a child to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `die_with_parent`
    Call,
    /// The same with `expected_parent`
    Expecting,
    Watch,
    ProcessGroup,
    Descendants,
    /// `Command::die_with_parent`
    Command,
    Tether,
}

impl Way {
    const ALL: [Way; 7] =
        [Way::Call, Way::Expecting, Way::Watch, Way::ProcessGroup, Way::Descendants, Way::Command, Way::Tether];

    /// The watches.
    fn watches(self) -> bool {
        matches!(self, Way::Watch | Way::ProcessGroup | Way::Descendants)
    }

    /// What the child arms, if it is the child that arms.
    fn options(self, parent: &Actor<'_>) -> Option<Options> {
        match self {
            Way::Call => Some(Options::default()),
            Way::Expecting => {
                Some(Options { expected_parent: Some(parent.own_pid().as_raw() as u32), ..Options::default() })
            }
            Way::Watch => Some(Options::WATCH),
            Way::ProcessGroup => Some(Options::PROCESS_GROUP),
            Way::Descendants => Some(Options::DESCENDANTS),
            Way::Command | Way::Tether => None,
        }
    }

    /// A child, tied. `before` is applied to the process that makes the tie, before it does.
    fn tie<'a>(self, parent: &mut Actor<'a>, signal: Signal, before: impl Fn(&mut Actor<'a>)) -> Tied<'a> {
        let Some(options) = self.options(parent) else {
            before(parent);
            let error = match self {
                Way::Command => parent.try_spawn(Spawning::armed(signal)).err(),
                _ => parent.tether(signal).err().or_else(|| {
                    let error = parent.try_spawn(Spawning::tethered()).err();
                    error.inspect(|_| parent.drop_tether())
                }),
            };
            return Tied { child: error.is_none().then(|| parent.harness().accept()), error };
        };
        let mut child = parent.spawn();
        before(&mut child);
        let error = child.arm_with(signal, options).err();
        Tied { child: Some(child), error }
    }

    /// A child that is tied for sure, by SIGKILL.
    fn tied<'a>(self, parent: &mut Actor<'a>, before: impl Fn(&mut Actor<'a>)) -> Actor<'a> {
        self.tied_by(parent, Signal::SIGKILL, before)
    }

    /// The same by any signal.
    fn tied_by<'a>(self, parent: &mut Actor<'a>, signal: Signal, before: impl Fn(&mut Actor<'a>)) -> Actor<'a> {
        let Tied { child, error } = self.tie(parent, signal, before);
        assert_eq!(error, None, "{self:?}");
        child.unwrap()
    }
}

/// What came of a tie.
struct Tied<'a> {
    /// None if it was not spawned.
    child: Option<Actor<'a>>,
    error: Option<String>,
}

/// What a process has: threads and open descriptors.
fn belongings(actor: &Actor<'_>) -> (usize, usize) {
    let entries = |folder: &str| fs::read_dir(format!("/proc/{}/{folder}", actor.pid())).unwrap().count();
    (entries("task"), entries("fd"))
}

/// A process whose tie failed has what it had before, and no dead child that waits to be reaped.
fn assert_nothing_is_left(actor: &Actor<'_>, before: (usize, usize)) {
    // A thread that is about to exit takes a moment.
    until("an end of threads", || (belongings(actor).0 == before.0).then_some(()));
    assert_eq!(belongings(actor), before);
    assert_eq!(actor.zombies(), []);
}

/// For each way: a parent and a child, surrounded; the parent is killed, and the child dies.
fn each_tie_holds(parent_is: impl Fn(&mut Actor<'_>), child_is: impl Fn(&mut Actor<'_>)) {
    for way in Way::ALL {
        let harness = Harness::open(ACTOR);
        let mut parent = harness.actor();
        parent_is(&mut parent);
        let mut child = way.tied(&mut parent, |_| {});
        child_is(&mut child);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(ACTOR)
}
