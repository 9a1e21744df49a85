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
use pdeathsig_tests::{state_of, until, Harness};

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

/// Waits until a process is stopped, or runs.
fn await_state(process: Pid, stopped: bool) {
    until("a state", || state_of(process).filter(|state| (*state == 'T') == stopped));
}
