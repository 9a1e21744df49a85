//! What a spawn costs, by what is resident in the parent.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pdeathsig::{CommandExt, Signal, Tether};
use pdeathsig_tests::{new_guard, Harness, Spawner, Tie};

use super::results::{nanoseconds, Part, Table, Unit};
use super::shared::idle_wait::IdleWait;
use super::shared::{at_random, has, GIB};
use super::{Scale, ACTOR};

const PLAIN: &str = env!("CARGO_BIN_EXE_plain");

const TIES: [Tie; 11] = [
    Tie::Nothing,
    Tie::CommandGroup,
    Tie::ProcessWrap,
    Tie::Processkit,
    Tie::Fork,
    Tie::ProcessGuard,
    Tie::Tether,
    Tie::UrSpawn,
    Tie::ProcessGuardArmed,
    Tie::ProcesskitArmed,
    Tie::DieWithParent,
];

/// How many GiB are resident, and every how many rounds there is a spawn by fork.
const RESIDENT: [(usize, usize); 3] = [(0, 1), (1, 10), (4, 20)];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let harness = Harness::open(ACTOR);
    let mut idle_wait = scale.idle_wait(30);
    for (resident, every) in RESIDENT {
        let what = format!("spawning with {resident} GiB resident");
        if resident > 0 && !has((resident + 1) * GIB, &what) {
            part.skip(&what, "too little memory");
            continue;
        }
        let memory = black_box(vec![1_u8; resident * GIB]);
        let [spawned, ended] = spawn_in_turn(scale.trials(600), every, &mut idle_wait);
        let groups = new_groups(scale.trials(100));
        drop(black_box(memory));
        let names = || TIES.iter().map(|tie| tie.title().to_owned());
        part.tables.push(Table::new(&format!("{resident} GiB, spawn"), Unit::Nanoseconds, names().zip(spawned)));
        part.tables.push(Table::new(&format!("{resident} GiB, spawn and end"), Unit::Nanoseconds, names().zip(ended)));
        part.tables.push(Table::new(&format!("{resident} GiB, group"), Unit::Nanoseconds, groups));
    }
    drop(harness);
    part
}

fn spawn_in_turn(rounds: usize, every: usize, idle_wait: &mut IdleWait) -> [Vec<Vec<f64>>; 2] {
    let spawners = TIES.map(Spawner::new);
    let mut spawned = vec![Vec::new(); TIES.len()];
    let mut ended = spawned.clone();
    for round in 0..rounds {
        if round % 30 == 0 {
            idle_wait.await_quiet();
        }
        // When a control group was removed, the kernel makes the next fork wait. With a random order this falls on all alike.
        for turn in at_random(round, TIES.len()) {
            if TIES[turn].forks() && round % every != 0 {
                continue;
            }
            let spawner = &spawners[turn];
            let start = Instant::now();
            let child = spawner.spawn(Path::new(PLAIN), &[]);
            spawned[turn].push(nanoseconds(start.elapsed()));
            spawner.wait(child);
            ended[turn].push(nanoseconds(start.elapsed()));
        }
    }
    [spawned, ended]
}

/// Fewer than the groups that a process may have before commands share them.
const GROUPS: usize = 16;

/// What a process group costs that dies with this process, beside a plain spawn.
fn new_groups(rounds: usize) -> Vec<(String, Vec<f64>)> {
    let mut times = GROUP_STEPS.map(|name| (name.to_owned(), Vec::new()));
    let spawner = Spawner::new(Tie::Nothing);
    for round in 0..rounds {
        for turn in at_random(round, times.len()) {
            let time = match turn {
                0 => time(|| spawner.spawn(Path::new(PLAIN), &[]), |child| spawner.wait(child)),
                1 => time(|| Tether::new(Signal::KILL).unwrap(), drop),
                2 | 3 => {
                    let tether = Tether::new(Signal::KILL).unwrap();
                    // Until the process has all groups that it may have.
                    let taken = if turn == 2 { 1 } else { 3 * GROUPS };
                    (0..taken).for_each(|_| join(&tether));
                    let all = time(|| (0..GROUPS).for_each(|_| join(&tether)), drop);
                    all / GROUPS as u32
                }
                _ => time(new_guard, |guard| guard.disarm(Duration::from_secs(10)).unwrap()),
            };
            times[turn].1.push(nanoseconds(time));
        }
    }
    times.into()
}

const GROUP_STEPS: [&str; 5] = [
    "no protection: the spawn of a child",
    "**`pdeathsig`, `Tether::new`**",
    "**`pdeathsig`, `tether`: a group of its own**",
    "**`pdeathsig`, `tether`: a shared group, beyond 32**",
    "`fork`, `ProcessGroupGuard::new`",
];

/// Takes a group for a command that is not spawned.
fn join(tether: &Tether) {
    Command::new(PLAIN).tether(tether).unwrap();
}

/// How long the first step takes, and not what is done with its result.
fn time<T>(first: impl FnOnce() -> T, second: impl FnOnce(T)) -> Duration {
    let start = Instant::now();
    let result = first();
    let time = start.elapsed();
    second(result);
    time
}
