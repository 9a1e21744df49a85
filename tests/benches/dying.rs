//! From the parent's SIGKILL to the child's death: `watch` beside the kernel's own signal, and how long many descendants take.
//!
//! ```sh
//! cargo bench --features bench --bench dying
//! ```
//!
//! The trials of both take turns, on processes that are there already; medians and their ratio are printed.

use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pdeathsig_tests::{keep_on, Harness, Options};

mod shared;

use shared::median;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const MANY_CHILDREN: &str = env!("CARGO_BIN_EXE_many_children");
const TRIALS: usize = 1000;

/// Where parent and child run.
#[derive(Clone, Copy, Debug)]
enum Placement {
    Anywhere,
    Apart,
    Together,
}

fn trial(placement: Placement, options: Options) -> Duration {
    let harness = Harness::open(ACTOR);
    let mut parent = harness.actor();
    let mut child = parent.spawn();
    match placement {
        Placement::Anywhere => {}
        Placement::Apart => {
            keep_on(parent.pid(), 0);
            keep_on(child.pid(), 1);
        }
        Placement::Together => {
            keep_on(parent.pid(), 0);
            keep_on(child.pid(), 0);
        }
    }
    child.arm_with(Signal::SIGKILL, options).unwrap();
    // All is quiet, as it is when a parent dies.
    thread::sleep(Duration::from_millis(1));
    let start = Instant::now();
    parent.send(Signal::SIGKILL);
    child.await_dead();
    start.elapsed()
}

fn latency(placement: Placement) {
    let all = [Options::default(), Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS];
    let mut times = [(); 4].map(|()| Vec::with_capacity(TRIALS));
    for _ in 0..TRIALS {
        for (times, options) in times.iter_mut().zip(all) {
            times.push(trial(placement, options));
        }
    }
    let [kernel, watch, group, descendants] = times.map(median);
    println!("from the parent's SIGKILL to the child's death, {placement:?}: medians of {TRIALS} trials in turn");
    println!("kernel         {kernel:>9.1?}");
    for (name, time) in [("watch", watch), ("process_group", group), ("descendants", descendants)] {
        println!("{name:14} {time:>9.1?}   {:.2} times the kernel's", time.as_secs_f64() / kernel.as_secs_f64());
    }
}

fn crowds() {
    println!("\nfrom the parent's SIGKILL to the end of child and descendants, medians of 5");
    for number in [100, 1000, 2000, 10_000] {
        let die = || {
            let harness = Harness::open(ACTOR);
            let mut parent = harness.actor();
            let mut child = parent.spawn();
            child.start(MANY_CHILDREN, &[&number.to_string()]);
            child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
            let start = Instant::now();
            parent.send(Signal::SIGKILL);
            child.await_dead();
            // Its descendants have died before it.
            let time = start.elapsed();
            parent.end();
            assert_eq!(harness.killed_orphans(), number + 2);
            time
        };
        let time = median((0..5).map(|_| die()).collect());
        println!("{number:>6} {time:>9.1?}   {:>6.1?} each", time / number as u32);
    }
}

fn main() {
    for placement in [Placement::Anywhere, Placement::Apart, Placement::Together] {
        latency(placement);
    }
    crowds();
}
