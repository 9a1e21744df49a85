//! `Command::die_with_parent`: what a command spawns is tied to this process before it executes anything.

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, Actor, Cause, Halt, Refused, Spawning};

use crate::harness;

#[test]
fn the_child_dies_whatever_kills_the_parent() {
    for cause in [Cause::Segfault, Cause::Abort, Cause::Panic, Cause::Exit, Cause::Return] {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = parent.spawn_as(Spawning::armed(Signal::SIGTERM));
        assert_eq!(child.read(), Ok(Some(Signal::SIGTERM as i32)));
        parent.die(cause);
        child.assert_dies_of(Signal::SIGTERM);
    }
}

#[test]
fn the_child_dies_of_sigkill() {
    let harness = harness();
    let mut parent = harness.actor();
    let child = parent.spawn_as(Spawning::armed(Signal::SIGKILL));
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_childs_own_children_live() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_as(Spawning::armed(Signal::SIGKILL));
    let mut grandchild = child.spawn();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_lives();
}

#[test]
fn the_signal_comes_when_the_thread_that_spawned_ends() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.request_spawn(Spawning { on_thread: true, ..Spawning::armed(Signal::SIGKILL) });
    let child = parent.answer_to_spawn().unwrap();
    assert_eq!(parent.wait_for_pid(child), pdeathsig_tests::End::Killed(Signal::SIGKILL as i32));
    parent.assert_lives();
}

#[test]
fn it_is_armed_after_the_change_of_user() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_as(Spawning { user: Some(54_341), ..Spawning::armed(Signal::SIGKILL) });
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

/// Kills the parent while the child is on its way to exec. Answers with the signal that ended the child; none if it
/// executed its program and lives.
fn parent_dies_at(halt: Halt, signal: Signal, bare: bool, prepare: impl Fn(&mut Actor<'_>)) -> Option<i32> {
    let harness = harness();
    let mut parent = harness.actor();
    prepare(&mut parent);
    let spawning = Spawning { bare, halt: Some(halt), ..Spawning::armed(signal) };
    parent.request_spawn(spawning);
    let child = parent.halted_child();
    parent.kill();
    let _ = kill(child, Signal::SIGCONT);
    if bare {
        // It answers, so it lives.
        harness.accept().assert_lives();
        return None;
    }
    Some(harness.end_of(child))
}

#[test]
fn a_parent_that_dies_between_fork_and_arming_is_not_survived() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGUSR2] {
        assert_eq!(parent_dies_at(Halt::BeforeArming, signal, false, |_| ()), Some(signal as i32));
        assert_eq!(parent_dies_at(Halt::BeforeArming, signal, true, |_| ()), None);
    }
}

#[test]
fn a_parent_that_dies_between_arming_and_exec_is_not_survived() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGUSR2] {
        assert_eq!(parent_dies_at(Halt::BeforeExec, signal, false, |_| ()), Some(signal as i32));
    }
}

#[test]
fn the_parents_handler_does_not_take_the_signal_that_comes_before_exec() {
    for halt in [Halt::BeforeArming, Halt::BeforeExec] {
        let handle = |parent: &mut Actor<'_>| parent.catch(Signal::SIGTERM);
        assert_eq!(parent_dies_at(halt, Signal::SIGTERM, false, handle), Some(Signal::SIGTERM as i32));
        assert_eq!(parent_dies_at(halt, Signal::SIGTERM, true, handle), None);
    }
}

#[test]
fn what_the_parent_ignores_the_child_does_not() {
    for halt in [Halt::BeforeArming, Halt::BeforeExec] {
        let ignore = |parent: &mut Actor<'_>| parent.ignore(Signal::SIGTERM);
        assert_eq!(parent_dies_at(halt, Signal::SIGTERM, false, ignore), Some(Signal::SIGTERM as i32));
        assert_eq!(parent_dies_at(halt, Signal::SIGTERM, true, ignore), None);
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.ignore(Signal::SIGHUP);
    parent.block(Signal::SIGHUP);
    let child = parent.spawn_as(Spawning::armed(Signal::SIGHUP));
    let mut naive = parent.spawn_as(Spawning { bare: true, ..Spawning::armed(Signal::SIGHUP) });
    parent.kill();
    child.assert_dies_of(Signal::SIGHUP);
    naive.assert_lives();
}

#[test]
fn with_a_signal_that_is_ignored_by_default_the_program_does_not_start_either() {
    let harness = harness();
    for signal in [Signal::SIGWINCH, Signal::SIGCHLD] {
        let mut parent = harness.actor();
        parent.request_spawn(Spawning { halt: Some(Halt::BeforeArming), ..Spawning::armed(signal) });
        let child = parent.halted_child();
        parent.kill();
        let _ = kill(child, Signal::SIGCONT);
        assert_eq!(harness.exit_status_of(child), 128 + signal as i32);
    }
}

#[test]
fn an_error_of_the_system_call_is_the_error_of_spawn() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.refuse(Refused::SetParentDeathSignal);
    let error = parent.try_spawn(Spawning::armed(Signal::SIGKILL)).unwrap_err();
    assert!(error.contains("Operation not permitted"), "{error}");
    parent.refuse(Refused::ParentId);
    parent.try_spawn(Spawning::armed(Signal::SIGKILL)).unwrap_err();
}

#[test]
fn executed_in_the_place_of_the_process_itself_it_is_an_error() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut actor = parent.spawn();
    let error = actor.exec_armed(Signal::SIGKILL);
    assert!(error.contains("Invalid argument"), "{error}");
    assert_eq!(actor.read(), Ok(None));
    parent.kill();
    actor.assert_lives();
}

/// Its parent is 0 to it, and its own number is 1.
#[test]
fn executed_in_the_place_of_the_first_process_of_a_pid_namespace_it_is_an_error_too() {
    let harness = harness();
    let mut parent = harness.actor();
    if !parent.try_new_pid_namespace() {
        return;
    }
    let mut first = parent.spawn();
    assert_eq!(first.own_pid(), Pid::from_raw(1));
    let error = first.exec_armed(Signal::SIGKILL);
    assert!(error.contains("Invalid argument"), "{error}");
    assert_eq!(first.read(), Ok(None));
    // A child that is the first process of another namespace has the number of the process that spawned it. It is a
    // child all the same.
    first.new_pid_namespace().unwrap();
    let mut child = first.spawn_as(Spawning::armed(Signal::SIGKILL));
    assert_eq!(child.own_pid(), Pid::from_raw(1));
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
}

#[test]
fn a_child_in_a_pid_namespace_of_its_own_dies_too() {
    let harness = harness();
    let mut parent = harness.actor();
    if !parent.try_new_pid_namespace() {
        return;
    }
    let child = parent.spawn_as(Spawning::armed(Signal::SIGKILL));
    assert_eq!(child.own_pid(), Pid::from_raw(1));
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn together_with_a_tether_it_takes_whichever_comes_first() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_as(Spawning { tethered: true, ..Spawning::armed(Signal::SIGKILL) });
    let grandchild = child.spawn();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}
