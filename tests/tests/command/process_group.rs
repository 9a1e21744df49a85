//! `ChildExt`: a signal to the process group that a child leads, and to no other.

use std::io::ErrorKind;
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command};

use nix::sys::signal::Signal as Received;
use nix::unistd::{getpgrp, Pid};
use pdeathsig::{ChildExt, CommandExt as _, Signal, Tether};
use pdeathsig_tests::{in_this_order, needs_root, Actor, Harness, Spawning};

use crate::{harness, ACTOR};

/// A child that is an actor and leads a group.
fn leader(harness: &Harness) -> (Child, Actor<'_>) {
    let child = harness.start(Command::new(ACTOR).process_group(0));
    (child, harness.accept())
}

#[test]
fn the_child_dies_and_its_children() {
    let harness = harness();
    let (mut child, mut actor) = leader(&harness);
    let mut grandchild = actor.spawn();
    let great_grandchild = grandchild.spawn();
    child.kill_process_group().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    grandchild.assert_dies_of(Received::SIGKILL);
    great_grandchild.assert_dies_of(Received::SIGKILL);
    child.kill_process_group().unwrap();
}

#[test]
fn any_signal_reaches_the_whole_group() {
    let harness = harness();
    let (mut child, mut actor) = leader(&harness);
    let mut grandchild = actor.spawn();
    for member in [&mut actor, &mut grandchild] {
        member.catch(Received::SIGUSR1);
    }
    child.send_process_group_signal(Signal::USR1).unwrap();
    actor.await_caught(1);
    grandchild.await_caught(1);
}

#[test]
fn a_child_that_leads_no_group_is_an_error_and_no_process_gets_a_signal() {
    let harness = harness();
    let mut child = harness.start(&mut Command::new(ACTOR));
    let mut actor = harness.accept();
    let error = child.kill_process_group().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let message = error.to_string();
    let name = format!("child {}", child.id());
    let own = format!("this process's own, group {}:", getpgrp());
    in_this_order(&message, &[&name, &own, "`process_group(0)`", "`Tether::send_signal`"]);
    actor.assert_lives();
    // Nor when it has ended, as long as it was not waited for.
    actor.send(Received::SIGKILL);
    actor.await_dead();
    child.kill_process_group().unwrap_err();
    child.wait().unwrap();
    child.kill_process_group().unwrap();
}

#[test]
fn a_tethered_child_is_an_error_that_names_the_tether() {
    let harness = harness();
    let tether = Tether::new(Signal::KILL).unwrap();
    let mut child = harness.start(Command::new(ACTOR).tether(&tether).unwrap());
    let mut actor = harness.accept();
    let error = child.kill_process_group().unwrap_err().to_string();
    assert!(!error.contains("this process's own"), "{error}");
    in_this_order(&error, &["`Tether`", &format!("in group {}:", actor.group()), "`Tether::send_signal`"]);
    // That would take it out of the tether.
    assert!(!error.contains("process_group(0)"), "{error}");
    actor.assert_lives();
}

#[test]
fn members_die_when_the_leader_was_waited_for() {
    let harness = harness();
    let (mut child, mut actor) = leader(&harness);
    let grandchild = actor.spawn();
    child.kill().unwrap();
    child.wait().unwrap();
    child.kill_process_group().unwrap();
    grandchild.assert_dies_of(Received::SIGKILL);
    child.kill_process_group().unwrap();
}

#[test]
fn members_die_though_the_leader_needs_no_wait() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.ignore(Received::SIGCHLD);
    let mut child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    let grandchild = child.spawn();
    child.send(Received::SIGKILL);
    child.await_gone();
    assert_eq!(parent.kill_group_of(child.pid()), Ok(()));
    grandchild.await_dead();
}

#[test]
fn members_die_in_a_session_that_the_child_has_made() {
    let harness = harness();
    let mut child = harness.start(&mut Command::new(ACTOR));
    let mut actor = harness.accept();
    actor.new_session();
    let grandchild = actor.spawn();
    child.kill().unwrap();
    child.wait().unwrap();
    child.kill_process_group().unwrap();
    grandchild.assert_dies_of(Received::SIGKILL);
}

/// There the numbers that it shows have another meaning, and members cannot be looked for.
#[test]
fn members_die_where_proc_is_of_another_pid_namespace() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut outside = harness.actor();
    if !outside.try_new_pid_namespace() {
        return;
    }
    let mut first = outside.spawn();
    let mut child = first.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    let free = (20_000..).find(|number| !Path::new(&format!("/proc/{number}")).exists()).unwrap();
    let member = child.fork_with_number(Pid::from_raw(free));
    child.send(Received::SIGKILL);
    first.wait_for_own(&child);
    assert_eq!(first.kill_group_of(child.own_pid()), Ok(()));
    member.await_dead();
}

/// A child that leads a group, and has been killed and waited for.
fn a_child_that_is_gone(harness: &Harness) -> (Child, Pid) {
    let (mut child, actor) = leader(harness);
    child.kill().unwrap();
    child.wait().unwrap();
    (child, actor.pid())
}

#[test]
fn an_unrelated_process_that_reuses_the_childs_pid_is_left_alone() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let (mut child, number) = a_child_that_is_gone(&harness);
    let mut unrelated = parent.fork_with_number(number);
    unrelated.lead_process_group();
    unrelated.catch(Received::SIGUSR1);
    child.send_process_group_signal(Signal::USR1).unwrap();
    assert_eq!(unrelated.caught(), 0);
    // Dead, and not waited for, it has its number still.
    let mut member = unrelated.spawn();
    member.catch(Received::SIGUSR1);
    unrelated.send(Received::SIGKILL);
    unrelated.await_dead();
    child.send_process_group_signal(Signal::USR1).unwrap();
    assert_eq!(member.caught(), 0);
}

#[test]
fn an_unrelated_group_in_another_session_is_left_alone_though_its_leader_is_gone() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.new_session();
    let (mut child, number) = a_child_that_is_gone(&harness);
    let mut unrelated = parent.fork_with_number(number);
    unrelated.lead_process_group();
    let mut member = unrelated.spawn();
    member.catch(Received::SIGUSR1);
    unrelated.send(Received::SIGKILL);
    parent.wait_for(&unrelated);
    assert_eq!(member.group(), number);
    child.send_process_group_signal(Signal::USR1).unwrap();
    assert_eq!(member.caught(), 0);
    member.assert_lives();
}

#[test]
fn a_group_that_the_user_may_not_signal_is_an_error() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    parent.drop_privileges(54_351);
    let error = parent.kill_group_of(child.pid()).unwrap_err();
    assert!(error.contains("kill(2) on a process group") && error.contains("may not signal"), "{error}");
    child.assert_lives();
}
