//! The child arms the kernel's signal by `die_with_parent`, and dies with the thread that spawned it, or lives, as the
//! documentation says; what it is told of its parent is true.

mod attribute;
mod causes_of_death;
mod cost;
mod credentials;
mod expected_parent;
mod fork_and_exec;
mod handlers;
mod main_thread;
mod outlive_parent;
mod parent;
mod parent_lives_on;
mod parent_not_visible;
mod pid_namespace;
mod races;
mod reparenting;
mod spawning_thread;

use pdeathsig_tests::Harness;

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}
