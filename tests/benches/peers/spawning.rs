//! What a spawn costs, by what is resident in the parent.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use pdeathsig_tests::{Spawner, Stage, Tie};

use super::results::{nanoseconds, Part, Table, Unit};
use super::shared::patience::Patience;
use super::shared::{has, GIB};
use super::{Scale, ACTOR};

const PLAIN: &str = env!("CARGO_BIN_EXE_plain");

const TIES: [Tie; 8] = [
    Tie::Nothing,
    Tie::CommandGroup,
    Tie::ProcessWrap,
    Tie::Processkit,
    Tie::Tether,
    Tie::UrSpawn,
    Tie::ProcesskitArmed,
    Tie::DieWithParent,
];

/// How many GiB are resident, and every how many rounds there is a spawn by fork.
const RESIDENT: [(usize, usize); 3] = [(0, 1), (1, 10), (4, 20)];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let stage = Stage::open(ACTOR);
    let mut patience = Patience(Duration::from_secs(30));
    for (resident, every) in RESIDENT {
        let what = format!("spawning with {resident} GiB resident");
        if resident > 0 && !has((resident + 1) * GIB, &what) {
            part.skip(&what, "too little memory");
            continue;
        }
        let memory = black_box(vec![1_u8; resident * GIB]);
        let [spawned, ended] = spawn_in_turn(scale.trials(600), every, &mut patience);
        drop(black_box(memory));
        let names = || TIES.iter().map(|tie| tie.title().to_owned());
        part.tables.push(Table::new(&format!("{resident} GiB, spawn"), Unit::Nanoseconds, names().zip(spawned)));
        part.tables.push(Table::new(&format!("{resident} GiB, spawn and end"), Unit::Nanoseconds, names().zip(ended)));
    }
    drop(stage);
    part
}

fn spawn_in_turn(rounds: usize, every: usize, patience: &mut Patience) -> [Vec<Vec<f64>>; 2] {
    let spawners = TIES.map(Spawner::new);
    let mut spawned = vec![Vec::new(); TIES.len()];
    let mut ended = spawned.clone();
    for round in 0..rounds {
        if round % 30 == 0 {
            patience.await_quiet();
        }
        // When a control group was taken away, the kernel makes whoever forks next wait: not always the same one.
        let mut order: Vec<usize> = (0..TIES.len()).collect();
        fastrand::Rng::with_seed(round as u64).shuffle(&mut order);
        for turn in order {
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
