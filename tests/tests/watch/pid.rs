//! `watch_pid`: the exit of another process counts like the parent's.

use nix::libc;
use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Boundary, Cause, Harness, Options, Tracee};

use crate::harness;

fn pid(actor: &Actor<'_>) -> u32 {
    actor.pid().as_raw() as u32
}

/// An editor, and a child of another process that watches it.
fn editor_and_server<'a>(harness: &'a Harness, signal: Signal, options: Options) -> (Actor<'a>, Actor<'a>, Actor<'a>) {
    let editor = harness.actor();
    let mut parent = harness.actor();
    let mut server = parent.spawn();
    server.arm_with(signal, Options { pids: Options::watch_pids(&[pid(&editor)]).pids, ..options }).unwrap();
    (editor, parent, server)
}

#[test]
fn the_child_dies_with_the_watched_process_and_with_its_parent() {
    for options in [Options::default(), Options::PROCESS_GROUP, Options::DESCENDANTS] {
        for the_parent_dies in [false, true] {
            let harness = harness();
            let (editor, mut parent, mut server) = editor_and_server(&harness, Signal::SIGKILL, options);
            server.assert_lives();
            if the_parent_dies {
                parent.kill();
                server.assert_dies_of(Signal::SIGKILL);
            } else {
                editor.kill();
                let end = parent.wait_for(&server);
                assert_eq!(end, pdeathsig_tests::End::Killed(Signal::SIGKILL as i32));
            }
        }
    }
}

#[test]
fn watch_pid_arms_on_any_thread() {
    let harness = harness();
    let editor = harness.actor();
    let mut server = harness.actor();
    server.arm_with_on_thread(Signal::SIGKILL, Options::watch_pids(&[pid(&editor)])).unwrap();
    editor.kill();
    server.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_end_of_one_thread_or_an_exec_of_that_process_is_not_its_exit() {
    let harness = harness();
    let mut editor = harness.actor();
    let _stays = editor.spawn_on_thread();
    let mut server = harness.actor();
    server.arm_with(Signal::SIGKILL, Options::watch_pids(&[pid(&editor)])).unwrap();
    let mut editor = editor.exec(None);
    server.assert_lives();
    let _stays = editor.spawn_on_thread();
    editor.end_main_thread();
    server.assert_lives();
    editor.kill();
    server.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_exit_of_any_of_eight_watched_processes_counts() {
    for dies in 0..8 {
        let harness = harness();
        let mut others: Vec<_> = (0..8).map(|_| harness.actor()).collect();
        let pids: Vec<u32> = others.iter().map(pid).collect();
        let mut server = harness.actor();
        server.arm_with(Signal::SIGKILL, Options::watch_pids(&pids)).unwrap();
        server.assert_lives();
        others.remove(dies).kill();
        server.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn nine_are_too_many_and_nothing_is_armed() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut server = parent.spawn();
    let error = server.arm_with(Signal::SIGKILL, Options::watch_pids(&[pid(&parent); 9])).unwrap_err();
    assert!(error.contains("up to 8 pids"), "{error}");
    nothing_is_armed(server, parent);
}

fn nothing_is_armed(mut server: Actor<'_>, parent: Actor<'_>) {
    assert_eq!(server.read(), Ok(None));
    server.await_threads(1);
    parent.kill();
    server.assert_lives();
}

/// No process has these numbers: the first two never, the last one since it was reaped.
#[test]
fn a_pid_that_does_not_exist_is_an_error_and_nothing_is_armed() {
    let harness = harness();
    let gone = harness.actor();
    let reaped = pid(&gone);
    gone.kill();
    for missing in [0, u32::MAX, i32::MAX as u32, reaped] {
        for on_thread in [false, true] {
            let editor = harness.actor();
            let mut parent = harness.actor();
            let mut server = parent.spawn();
            let options = Options::watch_pids(&[pid(&editor), missing]);
            let armed = match on_thread {
                false => server.arm_with(Signal::SIGKILL, options),
                true => server.arm_with_on_thread(Signal::SIGKILL, options),
            };
            let error = armed.unwrap_err();
            assert!(error.contains(&format!("no process has the pid {missing},")), "{error}");
            editor.kill();
            nothing_is_armed(server, parent);
        }
    }
}

#[test]
fn the_id_of_a_thread_is_an_error() {
    let harness = harness();
    let mut editor = harness.actor();
    let _stays = editor.spawn_on_thread();
    let thread = editor.threads().into_iter().map(|(id, _)| id).find(|id| *id != editor.pid()).unwrap();
    let mut server = harness.actor();
    let error = server.arm_with(Signal::SIGKILL, Options::watch_pids(&[thread.as_raw() as u32])).unwrap_err();
    assert!(error.contains("no process has the pid"), "{error}");
}

#[test]
fn a_failed_call_leaves_what_was_armed() {
    let harness = harness();
    let (editor, _parent, mut server) = editor_and_server(&harness, Signal::SIGUSR1, Options::default());
    server.catch(Signal::SIGUSR1);
    server.arm_with(Signal::SIGKILL, Options::watch_pids(&[u32::MAX])).unwrap_err();
    server.await_threads(2);
    editor.kill();
    server.await_caught(1);
}

/// A process that has exited and that its parent has not reaped.
#[test]
fn a_zombie_counts_as_dead() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut editor = parent.spawn();
    let mut server = parent.spawn();
    editor.request_death(Cause::Exit);
    editor.await_dead();
    server.catch(Signal::SIGTERM);
    server.arm_with(Signal::SIGTERM, Options::watch_pids(&[pid(&editor)])).unwrap();
    assert_eq!(server.caught(), 1);
}

/// Held after it was pinned, before it sleeps.
#[test]
fn a_watched_process_that_exits_while_the_child_arms_counts() {
    let harness = harness();
    let editor = harness.actor();
    let mut server = harness.actor();
    let mut held = Tracee::seize(&server);
    server.request_arm_with(Signal::SIGKILL, Options::watch_pids(&[pid(&editor)]));
    held.run_to(|at| at == Boundary::Entry(libc::SYS_prctl, libc::PR_SET_PDEATHSIG as u64));
    editor.kill();
    drop(held);
    server.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_watch_holds_when_its_thread_shares_descriptors_and_all_are_closed() {
    let harness = harness();
    let editor = harness.actor();
    let mut server = harness.actor();
    server.refuse(pdeathsig_tests::Refused::CloseRange);
    server.arm_with(Signal::SIGKILL, Options::watch_pids(&[pid(&editor)])).unwrap();
    server.close_others();
    server.open_pipes();
    server.assert_lives();
    editor.kill();
    server.assert_dies_of(Signal::SIGKILL);
}

/// An editor's pid means nothing inside a container.
#[test]
fn in_a_container_a_pid_from_outside_is_an_error() {
    let harness = harness();
    let editor = harness.actor();
    let mut outside = harness.actor();
    if !outside.try_new_pid_namespace() {
        return;
    }
    let mut first = outside.spawn();
    let mut server = first.spawn();
    let error = server.arm_with(Signal::SIGKILL, Options::watch_pids(&[pid(&editor)])).unwrap_err();
    assert!(error.contains("no process has the pid") && error.contains("container"), "{error}");
    editor.kill();
    server.assert_lives();
}
