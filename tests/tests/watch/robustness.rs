//! The watching thread does its work whatever the program does to its descriptors, signals, threads and sandbox.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_tests::{is_poll, is_sleep, needs_root, skipped, Actor, Options, Refused};

use crate::harness;

/// With group, descendants and grace: has the child do something, kills the parent, and sees all of them die of
/// SIGKILL.
fn all_die(happens: impl Fn(&mut Actor<'_>)) {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        let options = Options { descendants: true, ..Options::PROCESS_GROUP.with_a_short_grace() };
        child.ignore(Signal::SIGTERM);
        child.arm_with(signal, options).unwrap();
        let member = child.spawn();
        let mut descendant = child.spawn();
        descendant.new_session();
        happens(&mut child);
        parent.kill();
        for actor in [child, member, descendant] {
            actor.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn all_die_in_ordinary_surroundings() {
    all_die(|_| {});
}

#[test]
fn all_die_when_every_signal_is_blocked() {
    all_die(|child| Signal::iterator().for_each(|signal| child.block(signal)));
}

#[test]
fn all_die_when_the_descriptor_table_is_full() {
    all_die(|child| child.fill_descriptors());
}

#[test]
fn all_die_when_a_shared_descriptor_table_is_full() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::CloseRange);
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    let mut descendant = child.spawn();
    descendant.new_session();
    child.fill_descriptors();
    parent.kill();
    for actor in [child, descendant] {
        actor.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn all_die_when_every_descriptor_is_closed() {
    all_die(|child| child.close_others());
}

#[test]
fn all_die_when_every_descriptor_is_closed_and_the_child_stops_and_continues() {
    let twice = |child: &mut Actor<'_>| {
        child.close_others();
        child.send(Signal::SIGSTOP);
        child.await_stopped();
        child.send(Signal::SIGCONT);
        child.assert_lives();
    };
    all_die(twice);
}

#[test]
fn the_child_dies_when_every_descriptor_of_a_shared_table_is_closed() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::CloseRange);
    child.watch(Signal::SIGKILL);
    child.close_others();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    child.send(Signal::SIGCONT);
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_dies_when_a_shared_descriptor_is_closed_and_reused() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.refuse(Refused::CloseRange);
    child.watch(Signal::SIGKILL);
    child.close_others();
    child.open_pipes();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn all_die_when_nothing_more_may_be_opened() {
    all_die(|child| child.lower_descriptors_to(0));
}

#[test]
fn all_die_when_a_sandbox_refuses_pidfd_send_signal() {
    all_die(|child| child.refuse_everywhere(Refused::PidfdSignal));
}

#[test]
fn all_die_when_the_user_is_in_very_many_groups() {
    if needs_root() {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.set_groups(1000);
        let descendant = child.spawn();
        child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
        child.pin().unwrap();
        assert_eq!(child.spawner_thread(), Ok(Some(parent.pid().as_raw() as u32)));
        parent.kill();
        for actor in [child, descendant] {
            actor.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn the_child_dies_when_a_sandbox_refuses_poll() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let watcher = child.watcher().unwrap();
    child.await_call_of(watcher, is_poll);
    child.refuse_everywhere(Refused::Poll);
    // First the watch's poll is interrupted, then its sleep between two looks. The kernel has both made again, the sleep
    // by `restart_syscall`, which is refused too.
    for interrupted in [is_poll, is_sleep] {
        child.await_call_of(watcher, interrupted);
        child.send(Signal::SIGSTOP);
        child.await_stopped();
        child.send(Signal::SIGCONT);
        child.assert_lives();
    }
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_exits_when_a_sandbox_refuses_kill() {
    for (signal, status) in [(Signal::SIGKILL, 137), (Signal::SIGTERM, 143)] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(signal, Options::PROCESS_GROUP).unwrap();
        child.refuse_everywhere(Refused::Kill);
        parent.kill();
        assert_eq!(child.end(), WaitStatus::Exited(child.pid(), status));
    }
}

#[test]
fn all_die_when_the_main_thread_panics_and_hangs() {
    all_die(|child| child.panic_for_ever());
}

#[test]
fn all_die_when_the_main_thread_has_exited() {
    all_die(|child| child.end_main_thread());
}

#[test]
fn all_die_when_the_allocator_is_locked_for_ever() {
    all_die(|child| child.jam_the_allocator());
}

#[test]
fn all_die_when_proc_hides_processes_of_other_users() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    if let Err(error) = child.change_proc(Some("hidepid=2")) {
        skipped(&format!("cannot mount /proc: {error}"));
        return;
    }
    // It is hidden from all but itself from then on, and what it starts is not.
    child.drop_privileges(65534);
    let mut descendant = child.spawn();
    descendant.new_session();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    parent.kill();
    for actor in [child, descendant] {
        actor.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn without_proc_the_group_dies_and_other_descendants_live() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    if let Err(error) = parent.change_proc(None) {
        skipped(&format!("cannot mount over /proc: {error}"));
        return;
    }
    let mut child = parent.fork();
    child.arm_with(Signal::SIGKILL, Options { descendants: true, ..Options::PROCESS_GROUP }).unwrap();
    let member = child.fork();
    let mut descendant = child.fork();
    descendant.new_session();
    parent.kill();
    for actor in [child, member] {
        actor.assert_dies_of(Signal::SIGKILL);
    }
    descendant.assert_lives();
}

#[test]
fn with_proc_of_another_pid_namespace_no_unrelated_process_is_signalled() {
    let harness = harness();
    let mut outer = harness.actor();
    if !outer.try_new_pid_namespace() {
        return;
    }
    let mut parent = outer.spawn();
    let mut child = parent.spawn();
    let mut descendant = child.spawn();
    descendant.new_session();
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    child.request_arm_with(Signal::SIGKILL, Options { expected_parent: Some(4242), ..Options::DESCENDANTS });
    assert_eq!(parent.wait_for_own(&child), pdeathsig_tests::End::Killed(Signal::SIGKILL as i32));
    descendant.assert_lives();
}

/// Where the child's own number is that of an unrelated process with a child.
#[test]
fn with_proc_of_another_pid_namespace_no_descendant_is_waited_for() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut unrelated = harness.actor();
    let _unrelated_child = unrelated.spawn();
    let mut outer = harness.actor();
    if !outer.try_new_pid_namespace() {
        return;
    }
    let mut parent = outer.spawn();
    let mut child = parent.fork_with_number(unrelated.pid());
    let options = Options { expected_parent: Some(4242), ..Options::DESCENDANTS.with_a_long_grace() };
    child.request_arm_with(Signal::SIGTERM, options);
    assert_eq!(parent.wait_for_own(&child), pdeathsig_tests::End::Killed(Signal::SIGTERM as i32));
}
