//! What protection costs: the call beside the same five bare system calls, and the start of an annotated program beside that
//! of a plain one.
//!
//! ```sh
//! cargo bench --features bench
//! ```
//!
//! Each pair runs in one criterion group; the ratio of the medians is printed after it.

use std::fs;
use std::path::Path;
use std::process::Command;

use criterion::{BenchmarkId, Criterion};
use pdeathsig::Signal;

fn arming(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("arming");
    group.bench_function("bare", |bencher| bencher.iter(|| assert!(pdeathsig_tests::bare_calls(9))));
    group.bench_function("ours", |bencher| bencher.iter(|| pdeathsig::die_with_parent(Signal::KILL).unwrap()));
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    let programs = [("bare", env!("CARGO_BIN_EXE_plain")), ("ours", env!("CARGO_BIN_EXE_annotated"))];
    for (name, program) in programs {
        let run = || assert!(Command::new(program).status().unwrap().success());
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(run));
    }
    group.finish();
}

fn median(group: &str, name: &str) -> f64 {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("criterion");
    let estimates = fs::read(results.join(group).join(name).join("new/estimates.json")).unwrap();
    let estimates: serde_json::Value = serde_json::from_slice(&estimates).unwrap();
    estimates["median"]["point_estimate"].as_f64().unwrap()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    arming(&mut criterion);
    start(&mut criterion);
    criterion.final_summary();
    for group in ["arming", "start"] {
        let (ours, bare) = (median(group, "ours"), median(group, "bare"));
        println!("{group:8} ours/bare {:.3}   ({ours:.0} ns / {bare:.0} ns, medians)", ours / bare);
    }
}
