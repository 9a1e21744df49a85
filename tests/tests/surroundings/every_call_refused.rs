//! Each system call that a tie may need, refused, with `EPERM` and with `ENOSYS`.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Answer, Refused, Spawning};

use crate::{assert_nothing_is_left, belongings, harness, Tied, Way};

const ANSWERS: [(Answer, &str); 2] = [
    (Answer::NotPermitted, "Operation not permitted (os error 1)"),
    (Answer::NotThere, "Function not implemented (os error 38)"),
];

/// Protection, in spite of it.
const HOLDS: &str = "";
/// Either of the two: std may need the call for a spawn of its own, or the C library may.
const AS_STD: &str = "std";
/// An error of `spawn`, which is a number alone.
const SPAWN: &str = "(os error";
const SET: &str = "prctl(PR_SET_PDEATHSIG)";
const PIDFD: &str = "pidfd_open(2)";
const THREAD: &str = "pthread_create(3)";
const GETPPID: &str = "getppid(2)";
const SELF: &str = "getpid(2)";
const MAIN: &str = "gettid(2)";

/// The error of each of [`Way::ALL`].
const REFUSED: [(Refused, [&str; 7]); 15] = [
    (Refused::SetParentDeathSignal, [SET, SET, SET, SET, SET, SPAWN, HOLDS]),
    (Refused::Fork, [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, SPAWN, "clone(CLONE_VM | CLONE_VFORK)"]),
    (Refused::Thread, [HOLDS, HOLDS, THREAD, THREAD, THREAD, HOLDS, AS_STD]),
    (Refused::Pidfd, [HOLDS, HOLDS, PIDFD, PIDFD, PIDFD, HOLDS, HOLDS]),
    (Refused::SocketPair, [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, AS_STD, "socketpair(2)"]),
    (Refused::SendMessage, [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, AS_STD, "sendmsg(SCM_RIGHTS)"]),
    (Refused::Descriptor, [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, "fcntl(2)"]),
    (Refused::ProcessGroup, [HOLDS, HOLDS, HOLDS, "setpgid(2)", HOLDS, HOLDS, "setpgid(2)"]),
    (Refused::WaitId, [HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, HOLDS, "waitid(WNOWAIT)"]),
    (Refused::Kill, [HOLDS; 7]),
    (Refused::ParentId, [GETPPID, GETPPID, GETPPID, GETPPID, GETPPID, SPAWN, HOLDS]),
    (Refused::ProcessId, [SELF, SELF, SELF, SELF, SELF, SPAWN, HOLDS]),
    (Refused::ThreadId, [MAIN, MAIN, MAIN, MAIN, MAIN, HOLDS, HOLDS]),
    (Refused::CloseRange, [HOLDS; 7]),
    (Refused::SignalMask, [HOLDS; 7]),
];

#[test]
fn before_the_tie_is_made() {
    for (call, errors) in REFUSED {
        for (answer, printed) in ANSWERS {
            for (way, expected) in Way::ALL.into_iter().zip(errors) {
                let harness = harness();
                let mut parent = harness.actor();
                let before = belongings(&parent);
                let tied = way.tie(&mut parent, Signal::SIGKILL, |actor| actor.refuse(call.by(answer)));
                let what = format!("{call:?}, {answer:?}, {way:?}");
                // musl has one error for every reason.
                let printed = if expected == THREAD && cfg!(target_env = "musl") { "(os error 11)" } else { printed };
                let expected = match expected {
                    AS_STD if tied.error.is_some() => SPAWN,
                    AS_STD => HOLDS,
                    _ => expected,
                };
                match expected {
                    HOLDS => {
                        assert_eq!(tied.error, None, "{what}");
                        parent.kill();
                        tied.child.unwrap().await_dead();
                    }
                    _ => assert_refused(&tied, parent, before, &[expected, printed], &what),
                }
            }
        }
    }
}

fn assert_refused(tied: &Tied<'_>, parent: Actor<'_>, before: (usize, usize), printed: &[&str], what: &str) {
    let error = tied.error.as_ref().unwrap_or_else(|| panic!("{what}: no error"));
    // An error of `spawn` has the debugging form alone to say its number.
    let says = |part: &&str| error.contains(*part);
    assert!(printed.iter().all(says), "{what}: {error}");
    assert_nothing_is_left(&parent, before);
    let _ = tied.child.as_ref().inspect(|child| assert_nothing_is_left(child, before));
    parent.kill();
}

/// An error promises nothing of a child that the caller goes on with: it lives.
#[test]
fn after_the_error_nothing_is_armed() {
    for (call, errors) in REFUSED {
        for (answer, _) in ANSWERS {
            for (way, expected) in Way::ALL.into_iter().zip(errors) {
                if [HOLDS, AS_STD, SPAWN].contains(&expected) || way == Way::Tether {
                    continue;
                }
                let harness = harness();
                let mut parent = harness.actor();
                let tied = way.tie(&mut parent, Signal::SIGKILL, |actor| actor.refuse(call.by(answer)));
                let mut child = tied.child.unwrap();
                assert_eq!(child.read(), Ok(None), "{call:?}, {answer:?}, {way:?}");
                parent.kill();
                child.assert_lives();
            }
        }
    }
}

#[test]
fn after_the_tie_was_made() {
    for (call, _) in REFUSED {
        for (answer, _) in ANSWERS {
            for way in Way::ALL {
                let harness = harness();
                let mut parent = harness.actor();
                let mut child = way.tied(&mut parent, |_| {});
                child.refuse_everywhere(call.by(answer));
                parent.refuse_everywhere(call.by(answer));
                parent.kill();
                child.await_dead();
            }
        }
    }
}

#[test]
fn what_was_armed_before_holds_still() {
    for (call, errors) in REFUSED {
        for (before, again) in [(0, 0), (0, 2), (0, 3), (0, 4), (2, 0), (2, 2), (2, 3), (2, 4)] {
            // A watch that is armed anew keeps its thread.
            if errors[again] == HOLDS || before == 2 && call == Refused::Thread {
                continue;
            }
            let harness = harness();
            let mut parent = harness.actor();
            let mut child = Way::ALL[before].tied(&mut parent, |_| {});
            child.refuse(call);
            let options = Way::ALL[again].options(&parent).unwrap();
            child.arm_with(Signal::SIGTERM, options).unwrap_err();
            let armed = if before == 0 { Some(Signal::SIGKILL as i32) } else { None };
            assert_eq!(child.read(), Ok(armed), "{call:?}");
            parent.kill();
            child.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn the_parent_is_pinned_or_the_error_says_why_not() {
    for (call, expected) in [
        (Refused::Pidfd, PIDFD),
        (Refused::ParentId, GETPPID),
        (Refused::ProcessId, HOLDS),
        (Refused::ThreadId, HOLDS),
        (Refused::Descriptor, HOLDS),
        (Refused::Kill, HOLDS),
    ] {
        for (answer, printed) in ANSWERS {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            let before = belongings(&child);
            child.refuse(call.by(answer));
            let pinned = child.pin();
            if expected == HOLDS {
                assert_eq!(pinned, Ok(parent.pid().as_raw() as u32));
                child.request_wait_for_pinned(None);
                parent.kill();
                assert_eq!(child.answer_to_wait(), Ok(true));
                continue;
            }
            let error = pinned.unwrap_err();
            assert!(error.contains(expected) && error.contains(printed), "{error}");
            assert_eq!(belongings(&child), before);
        }
    }
}

/// `ChildExt`
#[test]
fn the_process_group_of_a_child_is_signalled_or_the_error_says_why_not() {
    for (call, expected) in [
        (Refused::Kill, "kill(2) on a process group"),
        (Refused::WaitId, "waitid(2)"),
        (Refused::ProcessGroup, HOLDS),
        (Refused::Descriptor, HOLDS),
        (Refused::ProcessId, HOLDS),
        (Refused::ParentId, HOLDS),
    ] {
        for (answer, printed) in ANSWERS {
            let harness = harness();
            let mut parent = harness.actor();
            let mut child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
            parent.refuse(call.by(answer));
            let killed = parent.kill_group_of(child.pid());
            if expected == HOLDS {
                assert_eq!(killed, Ok(()), "{call:?}");
                child.await_dead();
                continue;
            }
            let error = killed.expect_err("nothing was sent");
            assert!(error.contains(expected) && error.contains(printed), "{error}");
            child.assert_lives();
        }
    }
}

/// What is printed of a remedy has to be true of the call.
#[test]
fn a_call_that_is_not_there_is_not_mistaken_for_another() {
    let harness = harness();
    let mut child = harness.actor();
    child.refuse(Refused::SetParentDeathSignal.by(Answer::NotThere));
    let error = child.arm(Signal::SIGKILL).unwrap_err();
    assert!(!error.contains("pidfd_open") && !error.contains("needs none of it"), "{error}");
    let mut owner = harness.actor();
    owner.refuse(Refused::SocketPair.by(Answer::NotThere));
    let error = owner.tether(Signal::SIGKILL).unwrap_err();
    assert!(!error.contains("pidfd_open") && !error.contains("watch"), "{error}");
}

/// The signal goes to all members, or the error says why not; and when the tether is dropped they die.
#[test]
fn a_tether_that_is_there_sends_or_says_why_not() {
    for (call, expected) in
        [(Refused::Descriptor, HOLDS), (Refused::WaitId, HOLDS), (Refused::Kill, "kill(2) on a process group")]
    {
        for (answer, printed) in ANSWERS {
            let harness = harness();
            let mut owner = harness.actor();
            owner.tether(Signal::SIGKILL).unwrap();
            let mut child = owner.spawn_tethered();
            child.catch(Signal::SIGTERM);
            owner.refuse(call.by(answer));
            let sent = owner.signal_tethered(Signal::SIGTERM);
            if expected == HOLDS {
                assert_eq!(sent, Ok(()));
                assert_eq!(child.caught(), 1, "{call:?}");
            } else {
                let error = sent.unwrap_err();
                assert!(error.contains(expected) && error.contains(printed), "{error}");
            }
            owner.drop_tether();
            child.await_dead();
        }
    }
}
