//! Arming is five system calls, no allocation, no thread and no descriptor.

use nix::libc::{self, c_long};
use nix::sys::signal::Signal;
use pdeathsig_tests::{is_of_memory, Boundary, Tracee};

use crate::harness;

#[test]
fn arming_makes_five_system_calls() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    let mut held = Tracee::seize(&child);
    child.request_arm(Signal::SIGKILL, None);

    let mut calls: Vec<c_long> = Vec::new();
    loop {
        match held.step() {
            // The request of the test, and the answer to it.
            Boundary::Entry(libc::SYS_read | libc::SYS_recvfrom, _) => calls.clear(),
            Boundary::Entry(libc::SYS_write | libc::SYS_sendto, _) => break,
            // The memory of the request. What arming itself allocates is counted below.
            Boundary::Entry(call, _) if calls.is_empty() && is_of_memory(call) => {}
            Boundary::Entry(call, _) => calls.push(call),
            Boundary::Exit(_) => {}
        }
    }
    drop(held);
    assert_eq!(calls, [libc::SYS_gettid, libc::SYS_getpid, libc::SYS_getppid, libc::SYS_prctl, libc::SYS_getppid],);
}

#[test]
fn arming_allocates_nothing() {
    let harness = harness();
    let mut child = harness.actor();
    child.request_arm(Signal::SIGKILL, None);
    assert_eq!(child.answer_to_arm(), (Ok(()), 0));
}

#[test]
fn arming_takes_no_thread_and_no_descriptor() {
    let harness = harness();
    let mut child = harness.actor();
    let before = child.count();
    child.arm(Signal::SIGKILL).unwrap();
    assert_eq!(child.count(), before);
}
