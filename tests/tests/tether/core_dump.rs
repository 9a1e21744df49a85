//! The members die when their owner has written its core dump.

use std::fs;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{skipped, Cause};

use crate::harness;

#[test]
fn members_die_when_the_owner_has_dumped_core() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.dump_core_into(harness.folder());
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    let grandchild = child.spawn();
    let end = owner.die(Cause::Segfault);
    for member in [child, grandchild] {
        member.assert_dies_of(Signal::SIGKILL);
    }
    if !matches!(end, WaitStatus::Signaled(_, Signal::SIGSEGV, true)) {
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
        skipped(&format!("no core was dumped ({end:?}, core_pattern is {pattern:?})"));
    }
}
