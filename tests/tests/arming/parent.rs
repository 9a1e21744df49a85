//! `Parent` pins the parent process: it knows when that dies, waits for it, and names the thread that spawned the
//! child.

use std::fs;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{needs_root, unrelated_process, Boundary, Cause, Refused, Tracee};

use crate::harness;

const LONG: Duration = Duration::from_secs(3600);

fn id(pid: Pid) -> u32 {
    pid.as_raw() as u32
}

#[test]
fn the_parent_is_alive_until_it_dies() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    assert_eq!(child.pin(), Ok(id(parent.pid())));
    assert!(child.pinned_is_alive());
    parent.kill();
    assert!(!child.pinned_is_alive());
    assert_eq!(child.wait_for_pinned(None), Ok(true));
    assert_eq!(child.wait_for_pinned(Some(Duration::ZERO)), Ok(true));
}

#[test]
fn a_wait_ends_when_the_parent_does_of_whatever_cause() {
    for timeout in [None, Some(LONG), Some(Duration::MAX)] {
        for cause in [Cause::Segfault, Cause::Abort, Cause::Panic, Cause::Exit, Cause::Return] {
            let harness = harness();
            let (parent, mut child) = harness.parent_and_child();
            child.pin().unwrap();
            child.request_wait_for_pinned(timeout);
            child.await_poll();
            parent.die(cause);
            assert_eq!(child.answer_to_wait(), Ok(true));
        }
    }
}

#[test]
fn a_parent_that_waits_to_be_reaped_is_gone() {
    let harness = harness();
    let mut grandparent = harness.actor();
    let mut parent = grandparent.spawn();
    let mut child = parent.spawn();
    child.pin().unwrap();
    parent.send(Signal::SIGKILL);
    assert_eq!(child.wait_for_pinned(None), Ok(true));
    let status = fs::read_to_string(format!("/proc/{}/status", parent.pid())).unwrap();
    assert!(status.contains("(zombie)"), "{status}");
    assert!(!child.pinned_is_alive());
    grandparent.wait_for(&parent);
}

#[test]
fn a_parent_that_stops_or_executes_a_program_or_loses_its_main_thread_is_not_gone() {
    let harness = harness();
    let (mut parent, mut child) = harness.parent_and_child();
    let mut of_thread = parent.spawn_on_thread();
    for child in [&mut child, &mut of_thread] {
        child.pin().unwrap();
    }
    parent.send(Signal::SIGSTOP);
    parent.await_stopped();
    assert!(child.pinned_is_alive());
    parent.send(Signal::SIGCONT);
    let mut parent = parent.exec_on_thread();
    assert!(child.pinned_is_alive() && of_thread.pinned_is_alive());
    let _stays = parent.spawn_on_thread();
    parent.end_main_thread();
    assert_eq!(child.wait_for_pinned(Some(Duration::from_millis(10))), Ok(false));
    assert!(of_thread.pinned_is_alive());
}

#[test]
fn a_wait_that_times_out_has_taken_that_long() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.pin().unwrap();
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(1500), Duration::from_millis(30)] {
        let start = Instant::now();
        assert_eq!(child.wait_for_pinned(Some(timeout)), Ok(false));
        assert!(start.elapsed() >= timeout, "{timeout:?}");
    }
}

#[test]
fn signals_neither_end_nor_prolong_a_wait() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGUSR1);
    child.pin().unwrap();
    let (start, timeout) = (Instant::now(), Duration::from_millis(200));
    child.request_wait_for_pinned(Some(timeout));
    child.await_poll();
    // For far longer than the wait, unless each of them began it anew.
    let answered = child.send_until_answered(Signal::SIGUSR1);
    assert_eq!(child.answer_to_wait(), Ok(false));
    assert!(start.elapsed() >= timeout);
    assert!(answered > 1 && child.caught() > 1);
}

#[test]
fn signals_do_not_end_a_wait_without_end() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.catch(Signal::SIGUSR1);
    child.pin().unwrap();
    child.request_wait_for_pinned(None);
    for _ in 0..10 {
        child.await_poll();
        child.send(Signal::SIGUSR1);
    }
    parent.kill();
    assert_eq!(child.answer_to_wait(), Ok(true));
    assert!(child.caught() >= 1);
}

#[test]
fn a_parent_that_dies_before_it_is_pinned_is_an_error() {
    gone_while_pinning(|held| held.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_pidfd_open, _))), |_| {});
}

#[test]
fn a_parent_that_dies_just_after_it_is_pinned_is_an_error() {
    let pinned = |held: &mut Tracee| {
        held.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_pidfd_open, _)));
        assert!(matches!(held.step(), Boundary::Exit(1..)));
    };
    gone_while_pinning(pinned, |_| {});
}

#[test]
fn an_unrelated_process_that_reuses_the_parents_pid_is_never_mistaken_for_it() {
    if !needs_root() {
        return;
    }
    let before = |held: &mut Tracee| held.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_pidfd_open, _)));
    gone_while_pinning(before, |parent| unrelated_process(parent).unwrap());
}

/// Kills the parent while the child is held, does something about its number, and sees the child notice.
fn gone_while_pinning(hold: impl Fn(&mut Tracee), then: impl Fn(Pid)) {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let before = child.count();
    let mut held = Tracee::seize(&child);
    child.request_pin();
    hold(&mut held);
    let pid = parent.pid();
    parent.kill();
    then(pid);
    drop(held);
    let error = child.answer_to_pin().unwrap_err();
    assert!(error.starts_with("the parent died during the call"), "{error}");
    // No descriptor is left of the attempt.
    assert_eq!(child.count(), before);
}

#[test]
fn the_spawner_thread_is_reported() {
    let harness = harness();
    let mut parent = harness.actor();
    let mut of_main = parent.spawn();
    let mut of_thread = parent.spawn_on_thread();
    of_main.pin().unwrap();
    of_thread.pin().unwrap();
    assert_eq!(of_main.spawner_thread(), Ok(Some(id(parent.pid()))));
    let thread = of_thread.spawner_thread().unwrap().unwrap();
    assert_ne!(thread, id(parent.pid()));
    assert!(parent.threads().iter().any(|(id, _)| id.as_raw() == thread as i32));
    // When that ends, its children pass to another.
    parent.end_spawner();
    assert_eq!(of_thread.spawner_thread(), Ok(Some(id(parent.pid()))));
}

#[test]
fn no_thread_of_a_parent_that_is_gone_spawned_it() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.pin().unwrap();
    parent.kill();
    assert_eq!(child.spawner_thread(), Ok(None));
}

#[test]
fn no_thread_of_the_grandparent_spawned_a_fork() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.pin().unwrap();
    assert!(child.spawner_thread_is_none_in_fork());
}

#[test]
fn where_there_is_no_proc_the_spawner_is_an_error() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.pin().unwrap();
    if let Err(error) = child.change_proc(None) {
        pdeathsig_tests::skipped(&format!("cannot mount over /proc: {error}"));
        return;
    }
    let error = child.spawner_thread().unwrap_err();
    assert!(error.contains("cannot read /proc/self") && error.contains("mount /proc"), "{error}");
}

#[test]
fn where_proc_is_of_another_pid_namespace_the_spawner_is_an_error() {
    let harness = harness();
    let mut outer = harness.actor();
    if !outer.try_new_pid_namespace() {
        return;
    }
    let mut parent = outer.spawn();
    let mut child = parent.spawn();
    assert_eq!(child.pin(), Ok(1));
    let error = child.spawner_thread().unwrap_err();
    assert!(error.contains("another pid namespace"), "{error}");
}

#[test]
fn where_poll_is_refused_the_parent_is_alive_for_as_long_as_it_is_the_parent() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.pin().unwrap();
    child.refuse(Refused::Poll);
    assert!(child.pinned_is_alive());
    assert!(child.wait_for_pinned(None).unwrap_err().starts_with("ppoll(2) was refused"));
    assert!(child.wait_for_pinned(Some(LONG)).unwrap_err().starts_with("ppoll(2) was refused"));
    parent.kill();
    assert!(!child.pinned_is_alive());
}

#[test]
fn the_descriptor_works_with_other_crates_and_is_closed_on_exec() {
    use rustix::event::{poll, PollFd, PollFlags, Timespec};
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};

    let parent = pdeathsig::Parent::current().unwrap();
    assert_eq!(parent.as_raw_fd(), parent.as_fd().as_raw_fd());
    let fd = OwnedFd::from(parent);
    let flags = rustix::io::fcntl_getfd(&fd).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let none = Timespec { tv_sec: 0, tv_nsec: 0 };
    assert_eq!(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&none)), Ok(0));
}

#[test]
fn it_is_pinned_on_any_thread() {
    let own = std::os::unix::process::parent_id();
    let recorded = std::thread::spawn(|| pdeathsig::Parent::current().unwrap().id()).join().unwrap();
    assert_eq!(recorded, own);
}
