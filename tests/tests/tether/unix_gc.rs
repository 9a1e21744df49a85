//! The kernel collects sockets in flight that no process can reach any more. It does not take a tether for one.

use nix::sys::signal::Signal;

use crate::{harness, owner};

#[test]
fn the_kernels_socket_gc_does_not_cut_a_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    for _ in 0..10 {
        owner.run_unix_gc();
    }
    child.assert_lives();
    let mut another = owner.spawn_tethered();
    another.assert_lives();
    owner.kill();
    for member in [child, another] {
        member.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn a_socket_gc_in_another_process_does_not_cut_a_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    harness.actor().run_unix_gc();
    child.run_unix_gc();
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
