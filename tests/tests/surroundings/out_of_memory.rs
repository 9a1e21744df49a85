//! A parent that the OOM killer kills takes its child along.

use nix::sys::signal::Signal;
use pdeathsig_tests::{skipped, ControlGroup};

use crate::{harness, Way};

#[test]
fn the_child_dies_with_a_parent_that_runs_out_of_memory() {
    for way in Way::ALL {
        let harness = harness();
        let group = match ControlGroup::with_memory(32 << 20) {
            Ok(group) => group,
            Err(error) => {
                skipped(&format!("no control group for memory: {error}"));
                return;
            }
        };
        let mut parent = harness.actor();
        let child = way.tied(&mut parent, |_| {});
        group.take(&parent);
        parent.use_up_memory();
        parent.assert_dies_of(Signal::SIGKILL);
        assert!(group.has_killed());
        child.assert_dies_of(Signal::SIGKILL);
    }
}

/// Whatever takes memory, or fails for want of it, was done before.
#[test]
fn a_child_that_has_none_left_dies_with_its_parent() {
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = way.tied(&mut parent, |_| {});
        child.limit_address_space(0);
        child.jam_the_allocator();
        parent.send(Signal::SIGKILL);
        parent.end();
        child.assert_dies_of(Signal::SIGKILL);
    }
}
