//! The number of a descendant goes to an unrelated process while descendants are looked for: the unrelated process is
//! left alone.

use std::fs;

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, unrelated_process, until, Actor, Answer, Boundary, Options, Refused, Tracee};

use crate::harness;

/// The process that looks for descendants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// A process of its own.
    Outside,
    /// The watching thread, where there can be none.
    Inside,
}

/// Has a child look for its descendants, of which there is one; replaces that by an unrelated process of the same
/// number when the child is about to do `what` to it for the nth time; and checks that the unrelated process is
/// unharmed.
fn replaced_at(from: From, what: libc::c_long, nth: usize, prepare: impl Fn(&mut Actor<'_>)) {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let mut victim = child.spawn();
    victim.catch(Signal::SIGTERM);
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, Options::DESCENDANTS).unwrap();
    prepare(&mut child);
    if let From::Inside = from {
        child.refuse_everywhere(Refused::Fork);
    }
    let mut held = Tracee::seize_thread(child.watcher().unwrap());
    parent.kill();
    if let From::Outside = from {
        held = held.follow();
    }
    for _ in 0..nth {
        held.run_to(|at| at == Boundary::Entry(what, victim.pid().as_raw() as u64));
    }
    victim.send(Signal::SIGKILL);
    child.wait_for(&victim);
    unrelated_process(victim.pid()).unwrap();
    drop(held);
    child.await_caught(1);
    child.await_no_watcher();
    // It goes to sleep first of all; stopped, or ended by the signal, it never would.
    until("an unrelated process that sleeps", || state_of(victim.pid()).starts_with('S').then_some(()));
}

/// What `/proc` says of the unrelated process.
fn state_of(unrelated: Pid) -> String {
    let status = fs::read_to_string(format!("/proc/{unrelated}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("State:\t")).unwrap().to_owned()
}

fn is_left_alone_at(what: libc::c_long, nth: usize, prepare: impl Fn(&mut Actor<'_>)) {
    if needs_root() {
        for from in [From::Outside, From::Inside] {
            replaced_at(from, what, nth, &prepare);
        }
    }
}

#[test]
fn a_pid_reused_before_it_is_pinned_is_left_alone() {
    is_left_alone_at(libc::SYS_pidfd_open, 1, |_| {});
}

#[test]
fn a_pid_reused_between_stop_and_signal_is_left_alone() {
    is_left_alone_at(libc::SYS_pidfd_open, 2, |_| {});
}

#[test]
fn a_pid_reused_between_signal_and_continuation_is_left_alone() {
    is_left_alone_at(libc::SYS_pidfd_open, 3, |_| {});
}

#[test]
fn without_pidfds_an_unrelated_process_that_was_stopped_continues() {
    if needs_root() {
        // From inside, since a process of its own that cannot pin its parent does nothing.
        replaced_at(From::Inside, libc::SYS_kill, 1, |child| {
            child.refuse_everywhere(Refused::Pidfd.by(Answer::NotThere))
        });
    }
}
