//! A program under a `Launcher` runs as without one, and nothing of its tree outlives the owner, the program or the
//! launcher.

mod as_peers;
mod containers;
mod early_keys;
mod errors;
mod hosts;
mod inherits;
mod leaves_nothing;
mod options;
mod resources;
mod signals;
mod spared_children;
mod status;
mod stops;

use nix::unistd::Pid;
use pdeathsig_tests::{glibc_minor, state_of, until, Harness};

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

/// Waits until a process is stopped, or runs.
fn await_state(process: Pid, stopped: bool) {
    until("a state", || state_of(process).filter(|state| (*state == 'T') == stopped));
}

/// What was printed of `/proc/PID/status`, with an old glibc without signals 32 and 33. It keeps them to itself, and its
/// posix_spawn(3) has a new process ignore them: 2.31 does, 2.36 does not.
fn without_signals_of_glibc(printed: &[u8]) -> String {
    let of_glibc = if glibc_minor().is_some_and(|minor| minor < 36) { 0b11_u64 << 31 } else { 0 };
    let line = |line: &str| match line.split_once("SigIgn:\t").map(|(_, signals)| u64::from_str_radix(signals, 16)) {
        Some(Ok(signals)) => format!("SigIgn:\t{:016x}\n", signals & !of_glibc),
        _ => format!("{line}\n"),
    };
    String::from_utf8_lossy(printed).lines().map(line).collect()
}
