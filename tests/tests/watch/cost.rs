//! A watch costs a thread that sleeps, a descriptor, a little memory, and nothing while the parent lives.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::libc::SIGRTMIN;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{until, Actor, Options};

use crate::harness;

const MANY_CHILDREN: &str = env!("CARGO_BIN_EXE_many_children");
const EVERYTHING: Options = Options { watch: true, descendants: true, ..Options::PROCESS_GROUP.with_a_long_grace() };

#[test]
fn one_thread_that_says_what_it_is_and_one_descriptor_at_most() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    let (threads, descriptors) = child.count();
    child.arm_with(Signal::SIGKILL, EVERYTHING).unwrap();
    let (threads_then, descriptors_then) = child.count();
    assert_eq!(threads_then, threads + 1);
    assert!(descriptors_then <= descriptors + 1);
    assert!(child.watcher().is_some());
    // In a table of its own there is nothing but that.
    let own = fs::read_dir(format!("/proc/{}/task/{}/fd", child.pid(), child.watcher().unwrap())).unwrap();
    assert_eq!((own.count(), descriptors_then), (1, descriptors));
}

#[test]
fn the_thread_blocks_every_signal_but_those_of_the_c_library() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.watch(Signal::SIGKILL);
    let blocked = u64::from_str_radix(&child.status(child.watcher().unwrap(), "SigBlk"), 16).unwrap();
    let bit = |signal: i32| 1_u64 << (signal - 1);
    let never =
        bit(libc_signal(Signal::SIGKILL)) | bit(libc_signal(Signal::SIGSTOP)) | (32..SIGRTMIN()).map(bit).sum::<u64>();
    assert_eq!(blocked | never, u64::MAX);
    let main = child.pid();
    assert_eq!(child.status(main, "SigBlk"), "0000000000000000");
}

fn libc_signal(signal: Signal) -> i32 {
    signal as i32
}

fn switches(child: &Actor<'_>, thread: Pid) -> [String; 2] {
    ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"].map(|count| child.status(thread, count))
}

#[test]
fn the_thread_does_not_wake_while_the_parent_lives() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    child.arm_with(Signal::SIGKILL, EVERYTHING).unwrap();
    let watcher = child.watcher().unwrap();
    until("a thread that sleeps", || child.status(watcher, "State").starts_with('S').then_some(()));
    let before = switches(&child, watcher);
    // Not to wait for anything: it is the time in which nothing happens.
    thread::sleep(Duration::from_secs(10));
    assert_eq!(switches(&child, watcher), before);
}

#[test]
fn the_process_grows_by_64_kib_at_most() {
    let harness = harness();
    let (_parent, mut child) = harness.parent_and_child();
    // Not what is mapped from files: which pages of the program lie in memory, shared with others, is not the watch's
    // doing.
    let own = |child: &Actor<'_>| {
        let sum = fs::read_to_string(format!("/proc/{}/smaps_rollup", child.pid())).unwrap();
        let line = sum.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap()
    };
    let before = own(&child);
    child.arm_with(Signal::SIGKILL, EVERYTHING).unwrap();
    let grown = own(&child).saturating_sub(before);
    assert!((1..=64).contains(&grown), "{grown} KiB");
    let rss = child.status(child.pid(), "VmRSS");
    eprintln!("grown by {grown} KiB, {rss}");
}

/// With many processes about, and a member of the group that does not exit.
#[test]
fn a_grace_takes_next_to_no_processor_time() {
    for options in
        [Options::PROCESS_GROUP, Options::DESCENDANTS, Options { process_group: true, ..Options::DESCENDANTS }]
    {
        let harness = harness();
        let mut crowd = harness.actor();
        crowd.start(MANY_CHILDREN, &["500"]);
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGTERM, options.with_a_long_grace()).unwrap();
        let mut member = child.spawn();
        member.catch(Signal::SIGTERM);
        parent.kill();
        member.await_caught(1);
        let watcher = child.watcher().unwrap();
        let before = processor_time(&child, watcher);
        // Not to wait for anything: it is a part of the grace.
        thread::sleep(Duration::from_secs(2));
        let used = processor_time(&child, watcher) - before;
        eprintln!("2 s of a grace took {used:?}");
        assert!(used < Duration::from_millis(50), "{options:?}: {used:?}");
    }
}

/// Which a thread has used.
fn processor_time(child: &Actor<'_>, thread: Pid) -> Duration {
    let times = fs::read_to_string(format!("/proc/{}/task/{thread}/schedstat", child.pid())).unwrap();
    Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
}
