//! What the benchmarks share: how trials take turns, when they begin, and what is made of their times.

// Each of them uses a part.
#![allow(dead_code)]

pub(crate) mod family;
pub(crate) mod idle_wait;

use std::fs;
use std::time::Duration;

use pdeathsig_tests::skipped;

/// What a child takes, all told, rounded up.
pub(crate) const CHILD: usize = 300 << 10;

pub(crate) const GIB: usize = 1 << 30;

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

pub(crate) fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

/// Each once, forwards or backwards, from another one on.
pub(crate) fn turns(round: usize, number: usize) -> impl Iterator<Item = usize> {
    (0..number).map(move |turn| {
        let turn = (turn + round / 2) % number;
        if round % 2 == 1 {
            number - 1 - turn
        } else {
            turn
        }
    })
}

/// Each once, in a random order, which is the same one each time the benchmark runs.
pub(crate) fn at_random(round: usize, number: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..number).collect();
    fastrand::Rng::with_seed(round as u64).shuffle(&mut order);
    order
}

pub(crate) fn has(bytes: usize, what: &str) -> bool {
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let line = memory.lines().find(|line| line.starts_with("MemAvailable:")).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let (needed, available) = (bytes >> 20, kib >> 10);
    available >= needed || skipped(&format!("{what}: needs {needed} MiB of memory, and {available} are available"))
}
