//! The owner of many children.

use std::fs;
use std::time::Instant;

/// Spawns, and prints how many descriptors this process has open after that, how many it had before, and how many
/// nanoseconds it took.
pub fn print_spawn_cost(spawn_all: impl FnOnce()) {
    let before = descriptors();
    let start = Instant::now();
    spawn_all();
    let time = start.elapsed().as_nanos();
    println!("{} {before} {time}", descriptors());
}

fn descriptors() -> usize {
    // The folder itself is open meanwhile.
    fs::read_dir("/proc/self/fd").unwrap().count() - 1
}
