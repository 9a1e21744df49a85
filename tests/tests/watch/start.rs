//! A sandbox may kill the thread of a watch at any system call that it makes, the C library's at the start of a thread
//! included. `arm` returns an error then, and nothing is armed.

use nix::sys::signal::Signal;
use pdeathsig_tests::{glibc_minor, Actor, Answer, Options, Refused};

use crate::harness;

/// Whether the C library makes this call at the start of a thread: musl makes neither.
fn is_made_here(call: Refused) -> bool {
    match call {
        Refused::RobustList => glibc_minor().is_some(),
        Refused::Rseq => glibc_minor().is_some_and(|minor| minor >= 35),
        _ => true,
    }
}

fn nothing_is_armed(mut child: Actor<'_>, parent: Actor<'_>) {
    assert_eq!(child.read(), Ok(None));
    child.await_threads(1);
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_sandbox_that_kills_the_thread_is_an_error_and_nothing_is_armed() {
    for call in [Refused::ThreadName, Refused::Rseq, Refused::RobustList, Refused::CloseRange] {
        if !is_made_here(call) {
            continue;
        }
        for options in [Options::WATCH, Options::PROCESS_GROUP, Options::DESCENDANTS] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            child.refuse(call.by(Answer::Death));
            let error = child.arm_with(Signal::SIGKILL, options).unwrap_err();
            assert!(error.contains("a sandbox killed the new thread"), "{call:?}: {error}");
            nothing_is_armed(child, parent);
        }
    }
}

#[test]
fn a_call_of_the_thread_that_fails_does_not_prevent_arming() {
    // Where rseq(2) fails, glibc itself aborts the process at the start of any thread.
    for call in [Refused::ThreadName, Refused::RobustList, Refused::CloseRange] {
        for answer in [Answer::NotPermitted, Answer::NotThere] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            child.refuse(call.by(answer));
            child.arm_with(Signal::SIGKILL, Options::WATCH).unwrap();
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}

/// Every system call of the thread, in turn, until it sleeps.
#[test]
fn a_thread_killed_at_any_system_call_is_an_error_and_nothing_is_armed() {
    use nix::libc;
    use pdeathsig_tests::{Boundary, Tracee};

    fn next_call(thread: &mut Tracee) -> libc::c_long {
        loop {
            if let Boundary::Entry(number, _) = thread.step() {
                return number;
            }
        }
    }

    let mut calls = Vec::new();
    for call in 0.. {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        let main = Tracee::seize(&child);
        child.request_arm_with(Signal::SIGKILL, Options::WATCH);
        let mut thread = main.follow_to_thread();
        let mut at = 0;
        // It reports by a call only if the main thread waits already, so it may come to the end a call earlier.
        for _ in 0..=call {
            at = next_call(&mut thread);
            if at == libc::SYS_ppoll {
                break;
            }
        }
        calls.push(at);
        // It waits for its plan, so arming has succeeded.
        if at == libc::SYS_ppoll {
            break;
        }
        // It reports, which takes the call that the main thread waits by. No sandbox can refuse that to the one alone.
        if at == libc::SYS_futex {
            drop(thread);
            child.answer_to_arm().0.unwrap();
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
            continue;
        }
        thread.exit_here();
        let error = child.answer_to_arm().0.unwrap_err();
        assert!(error.contains("a sandbox killed the new thread"), "{calls:?}: {error}");
        nothing_is_armed(child, parent);
    }
    let of_glibc = [(Refused::Rseq, libc::SYS_rseq), (Refused::RobustList, libc::SYS_set_robust_list)];
    let of_glibc = of_glibc.into_iter().filter(|(call, _)| is_made_here(*call)).map(|(_, number)| number);
    for expected in [libc::SYS_prctl, libc::SYS_close_range, libc::SYS_pidfd_open].into_iter().chain(of_glibc) {
        assert!(calls.contains(&expected), "{calls:?}");
    }
}
