//! Members and their descendants die whatever ends the owner; no other process does.

use nix::sys::signal::{kill, Signal};
use nix::unistd::getpgid;
use pdeathsig_tests::{until, Actor, Cause, End, Spawning};
use rustix::process::{prlimit, Resource, Rlimit};

use crate::{harness, owner, owner_with};

fn all_die_of(signal: Signal, actors: &[Actor<'_>]) {
    for actor in actors {
        actor.assert_dies_of(signal);
    }
}

#[test]
fn members_die_when_the_owner_is_killed() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut grandchild = child.spawn();
    let great_grandchild = grandchild.spawn();
    owner.kill();
    all_die_of(Signal::SIGKILL, &[child, grandchild, great_grandchild]);
}

#[test]
fn members_die_whatever_ends_the_owner() {
    for cause in [Cause::Segfault, Cause::Abort, Cause::Panic, Cause::Exit, Cause::Return] {
        for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGUSR1] {
            let harness = harness();
            let mut owner = owner_with(&harness, signal);
            let mut child = owner.spawn_tethered();
            let grandchild = child.spawn();
            owner.die(cause);
            all_die_of(signal, &[child, grandchild]);
        }
    }
}

#[test]
fn a_sibling_that_is_not_tethered_lives() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut sibling = owner.spawn();
    let child = owner.spawn_tethered();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
    sibling.assert_lives();
}

#[test]
fn members_die_of_a_real_time_signal() {
    let harness = harness();
    let program = || Some(("sleep".into(), vec!["60".into()]));
    for number in [34, 40, 64] {
        let mut owner = harness.actor();
        owner.tether_by_number(number).unwrap();
        let child = owner.try_spawn(Spawning { program: program(), ..Spawning::tethered() }).unwrap();
        owner.kill();
        assert_eq!(harness.end_of(child), number);
    }
}

#[test]
fn a_real_time_signal_that_cannot_be_queued_comes_as_sigio() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.tether_by_number(40).unwrap();
    let program = Some(("sleep".into(), vec!["60".into()]));
    let child = owner.try_spawn(Spawning { program, ..Spawning::tethered() }).unwrap();
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    prlimit(rustix::process::Pid::from_raw(child.as_raw()), Resource::Sigpending, none).unwrap();
    owner.kill();
    assert_eq!(harness.end_of(child), Signal::SIGIO as i32);
}

#[test]
fn members_live_when_only_the_thread_that_spawned_them_exits() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_as(Spawning { on_thread: true, ..Spawning::tethered() });
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn members_live_when_only_the_main_thread_of_the_owner_exits() {
    let harness = harness();
    let mut owner = owner(&harness);
    let _thread = owner.spawn_on_thread();
    let mut child = owner.spawn_tethered();
    owner.end_main_thread();
    child.assert_lives();
    owner.send(Signal::SIGKILL);
    owner.end();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn members_die_when_the_tether_is_dropped() {
    let harness = harness();
    let mut owner = owner_with(&harness, Signal::SIGTERM);
    let mut child = owner.spawn_tethered();
    let grandchild = child.spawn();
    owner.drop_tether();
    child.await_dead();
    grandchild.assert_dies_of(Signal::SIGTERM);
    owner.assert_lives();
}

#[test]
fn members_die_when_the_tether_is_replaced() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    owner.tether(Signal::SIGKILL).unwrap();
    child.await_dead();
    let mut another = owner.spawn_tethered();
    another.assert_lives();
}

#[test]
fn a_tether_that_is_leaked_holds_until_the_owner_ends() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.leak_tether();
    child.assert_lives();
    owner.die(Cause::Exit);
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_stopped_member_dies() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_member_that_closes_every_descriptor_dies() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    child.close_others();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_member_that_executes_another_program_dies() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered().exec(None).exec_on_thread();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_member_that_ignores_or_blocks_the_signal_lives() {
    let harness = harness();
    let mut owner = owner_with(&harness, Signal::SIGTERM);
    let [mut ignoring, mut blocking] = [(); 2].map(|()| owner.spawn_tethered());
    ignoring.ignore(Signal::SIGTERM);
    blocking.block(Signal::SIGTERM);
    owner.kill();
    ignoring.assert_lives();
    blocking.assert_lives();
    blocking.unblock(Signal::SIGTERM);
    blocking.assert_dies_of(Signal::SIGTERM);
}

#[test]
fn a_handler_runs_at_least_once_and_at_most_as_often_as_the_group_is_walked_through() {
    let harness = harness();
    let mut owner = owner_with(&harness, Signal::SIGTERM);
    let mut child = owner.spawn_tethered();
    child.catch(Signal::SIGTERM);
    owner.kill();
    child.await_first_caught();
    assert!((1..=4).contains(&child.caught()));
}

#[test]
fn members_live_when_the_owner_stops_and_die_when_it_is_killed_then() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.send(Signal::SIGSTOP);
    owner.await_stopped();
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn members_die_when_the_owner_executes_another_program() {
    let harness = harness();
    for on_thread in [false, true] {
        let mut owner = owner(&harness);
        let child = owner.spawn_tethered();
        let mut owner = if on_thread { owner.exec_on_thread() } else { owner.exec(None) };
        child.await_dead();
        owner.assert_lives();
    }
}

#[test]
fn a_fork_of_the_owner_that_does_not_execute_a_program_holds_the_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let fork = owner.fork();
    owner.kill();
    child.assert_lives();
    fork.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_drop_cuts_whatever_a_fork_holds() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    let _fork = owner.fork();
    owner.drop_tether();
    child.await_dead();
}

#[test]
fn an_owner_that_closes_every_descriptor_cuts_the_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    owner.close_others();
    assert_eq!(owner.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn a_drop_in_a_fork_does_not_concern_the_owner() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    owner.drop_tether_in_fork();
    child.assert_lives();
    let mut another = owner.spawn_tethered();
    another.assert_lives();
    owner.kill();
    all_die_of(Signal::SIGKILL, &[child, another]);
}

#[test]
fn a_member_that_leaves_the_group_lives() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_tethered();
    let mut in_a_session_of_its_own = child.spawn();
    in_a_session_of_its_own.new_session();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
    in_a_session_of_its_own.assert_lives();
}

#[test]
fn a_program_that_makes_a_group_of_its_own_lives_as_timeout_does() {
    let harness = harness();
    let mut owner = owner(&harness);
    let timeout = |options: &[&str]| {
        let arguments = options.iter().chain(&["60", "sleep", "60"]).map(|argument| argument.to_string());
        Spawning { program: Some(("timeout".into(), arguments.collect())), ..Spawning::tethered() }
    };
    let leaves = owner.try_spawn(timeout(&[])).unwrap();
    let stays = owner.try_spawn(timeout(&["--foreground"])).unwrap();
    until("a group of its own", || (getpgid(Some(leaves)) == Ok(leaves)).then_some(()));
    owner.kill();
    assert_eq!(harness.end_of(stays), Signal::SIGKILL as i32);
    // It lives, and can be asked to end.
    kill(leaves, Signal::SIGTERM).unwrap();
    harness.reap(leaves);
}

#[test]
fn a_process_group_that_is_asked_for_later_overrides_the_tether() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut child = owner.spawn_as(Spawning { group: Some(0), ..Spawning::tethered() });
    owner.kill();
    child.assert_lives();
}

/// With a hook, std forks, and does not use `posix_spawn`.
#[test]
fn a_command_that_forks_to_run_a_hook_is_tethered_too() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_as(Spawning { armed: Some(Signal::SIGUSR1 as i32), ..Spawning::tethered() });
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn in_a_session_that_the_owner_has_made_later_commands_are_tethered_too() {
    let harness = harness();
    let mut owner = owner(&harness);
    let before = owner.spawn_tethered();
    owner.new_session();
    let after = owner.spawn_tethered();
    owner.kill();
    all_die_of(Signal::SIGKILL, &[before, after]);
}

#[test]
fn an_empty_group_of_the_session_before_is_not_joined() {
    let harness = harness();
    let mut owner = owner(&harness);
    owner.new_session();
    let child = owner.spawn_tethered();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_number_of_a_dropped_tether_is_no_group_to_join() {
    let harness = harness();
    let mut owner = owner(&harness);
    let child = owner.spawn_tethered();
    let group = child.group();
    owner.drop_tether();
    child.await_dead();
    owner.wait_for(&child);
    owner.try_spawn(Spawning { group: Some(group.as_raw()), ..Spawning::default() }).unwrap_err();
}

#[test]
fn a_tether_within_a_tether_is_cut_with_it() {
    let harness = harness();
    let mut outer = owner(&harness);
    let mut inner = outer.spawn_tethered();
    inner.tether(Signal::SIGKILL).unwrap();
    let innermost = inner.spawn_tethered();
    outer.kill();
    all_die_of(Signal::SIGKILL, &[inner, innermost]);
}

#[test]
fn for_children_in_another_pid_namespace_it_is_an_error_and_they_can_be_spawned_all_the_same() {
    let harness = harness();
    let mut owner = owner(&harness);
    if !owner.try_new_pid_namespace() {
        return;
    }
    let error = owner.tether(Signal::SIGKILL).unwrap_err();
    assert!(error.contains("pid namespace"), "{error}");
    let mut child = owner.spawn();
    child.assert_lives();
    // There is one by now, and nothing changes.
    owner.tether(Signal::SIGKILL).unwrap_err();
    // Nor can they join a group that is outside.
    let error = owner.try_spawn(Spawning::tethered()).unwrap_err();
    assert!(error.contains("Operation not permitted"), "{error}");
    child.assert_lives();
}

#[test]
fn a_file_that_reuses_the_closed_descriptor_of_a_tether_stays_open() {
    let harness = harness();
    let mut owner = owner(&harness);
    owner.close_others();
    owner.open_pipes();
    let open = owner.count();
    owner.drop_tether();
    assert_eq!(owner.count(), open);
}
