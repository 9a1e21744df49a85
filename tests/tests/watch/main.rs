//! With `watch`, the child dies with its parent's process, whichever thread spawned or armed it. Its group, its descendants
//! and a grace can follow.

mod any_thread;
mod arming_again;
mod cost;
mod descendants;
mod descendants_and_group;
mod ended_meanwhile;
mod grace;
mod pid;
mod preloaded;
mod process;
mod process_group;
mod races;
mod recycled_numbers;
mod replaced_and_cancelled;
mod robustness;
mod start;

use pdeathsig_tests::Harness;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(ACTOR)
}
