//! The examples and the guide's recipes do what they say, and leave no process behind.

mod child_side;
mod in_a_terminal;
mod languages;
mod parent_side;
mod recipes;
mod running;
mod stdio_server;

use pdeathsig_tests::Harness;

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}
