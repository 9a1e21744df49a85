//! A parent ties a `Command` by `die_with_parent`, and signals the group that a child leads, or the child alone.

mod die_with_parent;
mod process_group;
mod terminate;

use pdeathsig_tests::Harness;

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(ACTOR)
}
