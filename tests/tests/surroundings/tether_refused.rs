//! Under a sandbox that refuses a system call, a tether is an error that says which, and nothing is left of it.

use nix::sys::signal::Signal;
use nix::unistd::getpgid;
use pdeathsig_tests::{Refused, Spawning};

use crate::harness;

const REFUSED: [(Refused, &str); 7] = [
    (Refused::Fork, "clone("),
    (Refused::ProcessGroup, "setpgid(2)"),
    (Refused::WaitId, "waitid("),
    (Refused::SocketPair, "socketpair(2)"),
    (Refused::DescriptorOwner, "fcntl(2)"),
    (Refused::DescriptorSignal, "fcntl(2)"),
    (Refused::SendMessage, "sendmsg("),
];

#[test]
fn a_new_tether_that_is_refused_is_an_error() {
    let harness = harness();
    for (refused, call) in REFUSED {
        let mut actor = harness.actor();
        let before = actor.count();
        actor.refuse(refused);
        let error = actor.tether(Signal::SIGKILL).unwrap_err();
        assert!(error.contains(call) && error.contains("sandbox"), "{error}");
        assert_eq!(actor.zombies(), [], "{refused:?}");
        assert_eq!(actor.count(), before, "{refused:?}");
    }
}

#[test]
fn where_another_group_is_refused_commands_share_the_one_that_is_there() {
    let harness = harness();
    for (refused, call) in REFUSED {
        if matches!(refused, Refused::Fork | Refused::ProcessGroup) {
            // Then no command can be spawned into it either.
            continue;
        }
        let mut owner = harness.actor();
        owner.tether(Signal::SIGKILL).unwrap();
        let child = owner.spawn_tethered();
        owner.refuse(refused);
        let sleep = || Spawning { program: Some(("sleep".into(), vec!["60".into()])), ..Spawning::tethered() };
        if matches!(refused, Refused::WaitId) {
            // Then it is not known whether the group that is there can be joined.
            let error = owner.try_spawn(sleep()).unwrap_err();
            assert!(error.contains(call), "{error}");
        } else {
            let second = owner.try_spawn(sleep()).unwrap();
            assert_eq!(getpgid(Some(second)), Ok(child.group()), "{refused:?}");
        }
        owner.kill();
        child.assert_dies_of(Signal::SIGKILL);
        harness.killed_orphans();
    }
}

#[test]
fn a_spawn_that_cannot_join_fails() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    owner.refuse(Refused::ProcessGroup);
    let error = owner.try_spawn(Spawning::tethered()).unwrap_err();
    assert!(error.contains("Operation not permitted"), "{error}");
}

#[test]
fn a_drop_that_may_not_send_hangs_up_all_the_same() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let child = owner.spawn_tethered();
    owner.refuse(Refused::Kill);
    let error = owner.signal_tethered(Signal::SIGTERM).unwrap_err();
    assert!(error.contains("kill(2)"), "{error}");
    owner.drop_tether();
    child.await_dead();
}
