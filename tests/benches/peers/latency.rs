//! What dies with the parent, and how soon.

use std::thread;
use std::time::{Duration, Instant};

use pdeathsig_tests::{Harness, Tie};

use super::control_groups::ControlGroups;
use super::family::{Three, Watched};
use super::results::{nanoseconds, Fate, Part, Table, Unit};
use super::shared::at_random;
use super::{Scale, ACTOR};

/// A process that lives for longer is not about to die.
const LIMIT: Duration = Duration::from_secs(2);

/// The ties whose latency is taken: the first of each way to arm, since the kernel does not know which library calls
/// it.
const TIMED: [Tie; 15] = [
    Tie::Prctl,
    Tie::Call,
    Tie::Watch,
    Tie::Descendants,
    Tie::UrSpawn,
    Tie::Setpriv,
    Tie::Bwrap,
    Tie::ProcesskitArmed,
    Tie::Fork,
    Tie::ProcessGuardArmed,
    Tie::DieWithParent,
    Tie::Tether,
    Tie::Launcher,
    Tie::Poll,
    Tie::PollSlowly,
];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let groups = ControlGroups::new();
    let harness = Harness::open(ACTOR);
    let ties = scale.usable(Tie::all(), &mut part);
    part.fates = fates(&harness, &ties, scale.trials(3));
    let timed: Vec<Tie> = TIMED.into_iter().filter(|tie| ties.contains(tie)).collect();
    part.tables.push(latencies(&harness, &groups, &timed, scale));
    part.facts = processkits_own_word();
    drop(harness);
    part
}

/// How many of a tie's trials ended with the death of the child, of the grandchild, and of the child when only the thread ended.
type Deaths = [usize; 3];

/// All at the same time, since most of it is to wait.
fn fates(harness: &Harness, ties: &[Tie], trials: usize) -> Vec<Fate> {
    let mut deaths: Vec<Deaths> = vec![[0; 3]; ties.len()];
    for _ in 0..trials {
        let killed: Vec<_> = ties.iter().map(|tie| Three::start(harness, *tie, "one", &["--with-child"])).collect();
        let mut left: Vec<_> = ties.iter().map(|tie| Three::start(harness, *tie, "from-thread", &[])).collect();
        killed.iter().for_each(Three::kill_parent);
        left.iter_mut().for_each(Three::end_thread);
        let end = Instant::now() + LIMIT;
        let dies = |watched: &Watched| watched.dies_within(end.saturating_duration_since(Instant::now()));
        for ((deaths, killed), left) in deaths.iter_mut().zip(killed).zip(left) {
            let dead = [dies(&killed.others[0]), dies(&killed.others[1]), dies(left.child())];
            deaths.iter_mut().zip(dead).for_each(|(deaths, dead)| *deaths += usize::from(dead));
            killed.end();
            left.end();
        }
        harness.killed_orphans();
    }
    let fate = |(tie, deaths): (&Tie, Deaths)| {
        let [child, grandchild, when_only_the_thread_ends] = deaths.map(|deaths| match deaths {
            0 => "lives".into(),
            all if all == trials => "dies".into(),
            some => format!("dies in {some} of {trials}"),
        });
        Fate { name: tie.title().into(), trials, child, grandchild, when_only_the_thread_ends }
    };
    ties.iter().zip(deaths).map(fate).collect()
}

/// Every how many rounds it is their turn.
fn every(tie: Tie) -> usize {
    tie.interval().map_or(1, |interval| (interval.as_millis() / 10).min(25) as usize)
}

fn latencies(harness: &Harness, groups: &ControlGroups, ties: &[Tie], scale: &Scale) -> Table {
    let rounds = scale.trials(800);
    let mut idle_wait = scale.idle_wait(60);
    let mut times = vec![Vec::new(); ties.len()];
    for round in 0..rounds {
        if round % 20 == 0 {
            groups.sweep();
            idle_wait.await_quiet();
        }
        for turn in at_random(round, ties.len()) {
            let tie = ties[turn];
            if round % every(tie) == 0 {
                let done = times[turn].len();
                // As many kills at each moment between two looks.
                let phase = tie.interval().unwrap_or_default() * (done * every(tie)) as u32 / rounds as u32;
                times[turn].push(nanoseconds(latency(harness, tie, scale, phase)));
            }
        }
    }
    Table::new("latency", Unit::Nanoseconds, ties.iter().map(|tie| tie.title().to_owned()).zip(times))
}

fn latency(harness: &Harness, tie: Tie, scale: &Scale, phase: Duration) -> Duration {
    let three = match scale.apart {
        Some([one, other]) => {
            let three = Three::start(harness, tie, "one", &["--on", &other.to_string()]);
            three.keep_parent_on(one);
            three
        }
        None => Three::start(harness, tie, "one", &[]),
    };
    // All is quiet, as it is when a parent dies.
    thread::sleep(Duration::from_millis(1) + phase);
    let start = Instant::now();
    three.kill_parent();
    assert!(three.child().dies_within(2 * LIMIT), "a child lives that was tied by {}", tie.name());
    let time = start.elapsed();
    three.end();
    harness.killed_orphans();
    time
}

fn processkits_own_word() -> Vec<String> {
    let host = processkit::host_containment();
    vec![format!(
        "`processkit` says of itself, on the machine of this run: mechanism `{:?}`, clean-up at the parent's death `{:?}`.",
        host.mechanism(),
        host.parent_death_cleanup()
    )]
}
