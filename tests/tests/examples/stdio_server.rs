//! A stdio server with the attribute and a tether leaves no helper when its host is killed; `descendants` alone
//! may.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use pdeathsig_tests::{skipped, until, Spawning};

use crate::harness;

const SERVER: &str = env!("CARGO_BIN_EXE_stdio_server");
const TRIALS: usize = 40;

/// In how many of the trials a helper outlives the host.
fn survivors(way: &str) -> usize {
    (0..TRIALS)
        .filter(|_| {
            let harness = harness();
            let is_up: PathBuf = harness.folder().join("up");
            let mut host = harness.actor();
            let script = format!("STDIO_SERVER_IS_UP={} exec {SERVER} {way}", is_up.display());
            let program = Some(("sh".into(), vec!["-c".into(), script]));
            host.try_spawn(Spawning { program, piped: true, ..Spawning::default() }).unwrap();
            until("the server", || is_up.exists().then_some(()));
            host.send(Signal::SIGKILL);
            host.end();
            harness
                .killed_orphans_within(std::time::Duration::from_millis(if way == "armed" { 15_000 } else { 500 }))
                .is_none()
        })
        .count()
}

/// The attribute for the server, and a tether in it for its helpers.
#[test]
fn with_the_attribute_and_a_tether_in_it_no_helper_is_left() {
    assert_eq!(survivors("armed"), 0);
}

/// It exits by itself before it has killed them.
#[test]
fn with_descendants_alone_helpers_may_be_left() {
    let left = survivors("descendants");
    println!("{left} of {TRIALS}");
    if left == 0 {
        skipped("none was left on this machine");
    }
}
