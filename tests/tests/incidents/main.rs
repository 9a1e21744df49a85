//! Incidents: known failures of parent-death signals, each reproduced with the naive approach, and the cure.
//!
//! A module is an incident. Its head says what happened, where it was reported, and what cures it. Its tests whose
//! names begin with `naive` show the failure as it was reported; those that begin with `cure` show the same situation
//! with this crate. A cure that is a behaviour's own test is named in the head, as `program::module`, and not
//! repeated.

mod i01_the_thread_that_spawned_ends;
mod i02_the_parent_dies_between_fork_and_prctl;
mod i03_a_handler_takes_the_signal_before_exec;
mod i04_a_change_of_credentials_clears_the_setting;
mod i05_an_orphan_whose_parent_is_not_1;
mod i06_the_first_process_of_a_pid_namespace;
mod i07_a_child_that_leads_no_group;
mod i08_the_childs_own_children_live_on;
mod i09_armed_on_a_worker_thread;
mod i10_a_signal_ignored_or_blocked_by_inheritance;
mod i11_a_helper_that_should_outlive_its_parent;
mod i12_a_server_whose_host_was_killed;
mod i13_what_docker_exec_starts;

use pdeathsig_tests::{Actor, Harness};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// The processes of a test are actors.
fn harness() -> Harness {
    Harness::open(ACTOR)
}

/// An actor whose children will be in a new pid namespace; none if the machine does not allow that.
fn parent_of_a_namespace(harness: &Harness) -> Option<Actor<'_>> {
    let mut parent = harness.actor();
    parent.try_new_pid_namespace().then_some(parent)
}
