//! A process that dies while its descendants are being killed leaves none of them stopped.

use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{Actor, Boundary, Cause, Harness, Options, Tracee};

use crate::harness;

/// A child, its descendant, which has been stopped, and the process about to act on it for the nth time.
fn descendant_is_stopped(
    harness: &Harness,
    signal: Signal,
    nth: usize,
    prepare: fn(&mut Actor<'_>),
) -> (Actor<'_>, Actor<'_>, Tracee) {
    let (parent, mut child) = harness.parent_and_child();
    prepare(&mut child);
    let mut descendant = child.spawn();
    descendant.new_session();
    child.arm_with(signal, Options::DESCENDANTS).unwrap();
    let held = Tracee::seize_thread(child.watcher().unwrap());
    parent.kill();
    let mut held = held.follow();
    for _ in 0..nth {
        held.run_to(|at| at == Boundary::Entry(libc::SYS_pidfd_open, descendant.pid().as_raw() as u64));
    }
    descendant.await_stopped();
    (child, descendant, held)
}

#[test]
fn a_child_killed_before_its_descendants_get_the_signal_leaves_none_stopped() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let (child, descendant, held) = descendant_is_stopped(&harness, signal, 2, |_| ());
        child.send(Signal::SIGKILL);
        child.assert_dies_of(Signal::SIGKILL);
        drop(held);
        descendant.assert_dies_of(signal);
    }
}

#[test]
fn a_child_killed_before_its_descendants_continue_leaves_none_stopped() {
    let harness = harness();
    let (child, descendant, held) = descendant_is_stopped(&harness, Signal::SIGTERM, 3, |_| ());
    child.send(Signal::SIGKILL);
    child.assert_dies_of(Signal::SIGKILL);
    drop(held);
    descendant.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn a_child_that_exits_meanwhile_leaves_none_stopped() {
    let harness = harness();
    let (child, descendant, held) =
        descendant_is_stopped(&harness, Signal::SIGTERM, 2, |child| child.catch(Signal::SIGTERM));
    let pid = child.pid();
    assert_eq!(child.die(Cause::Exit), WaitStatus::Exited(pid, 3));
    drop(held);
    descendant.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn sighup_does_not_end_the_child_before_its_descendants() {
    let harness = harness();
    let (child, descendant, held) = descendant_is_stopped(&harness, Signal::SIGKILL, 2, |_| ());
    // As the kernel does to the stopped processes of a group that has lost its last tie to the session.
    child.send(Signal::SIGHUP);
    child.send(Signal::SIGCONT);
    drop(held);
    child.assert_dies_of(Signal::SIGKILL);
    descendant.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_stopped_group_that_loses_its_parent_is_not_sent_sighup() {
    for _ in 0..20 {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.catch(Signal::SIGTERM);
        let mut leader = child.spawn();
        leader.new_session();
        let mut job = leader.spawn();
        job.join_process_group(job.pid());
        job.catch(Signal::SIGHUP);
        job.catch(Signal::SIGTERM);
        child.arm_with(Signal::SIGTERM, Options::DESCENDANTS).unwrap();
        parent.kill();
        child.await_caught(1);
        child.await_no_watcher();
        leader.await_dead();
        assert_eq!(job.caught(), 1);
    }
}
