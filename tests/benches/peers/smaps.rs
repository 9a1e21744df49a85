//! What a process has in memory.

use std::fs;

use nix::unistd::Pid;

/// The sums over all its mappings.
pub(crate) fn rollup(process: Pid) -> String {
    fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap()
}

/// One of the sums, in bytes.
pub(crate) fn bytes_of(rollup: &str, field: &str) -> f64 {
    let value = rollup.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib: f64 = value.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024.0
}
