//! A process that was asked continues undisturbed.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use pdeathsig_tests::{send_number, Actor, Waiting};

use crate::report::{doctor_asks, harness, report_on};

fn assert_armed(actor: &Actor<'_>, signal: Signal) {
    assert_eq!(report_on(actor).armed(), signal as i32);
}

/// A call that waits for a time waits for the rest of it, and no error comes of it.
fn waits_to_the_end(waiting: Waiting, time: Duration) {
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGUSR2).unwrap();
    // The program is there before the time runs.
    assert_armed(&child, Signal::SIGUSR2);
    let start = Instant::now();
    child.request_wait_in(&waiting);
    while !child.has_answered() {
        assert_armed(&child, Signal::SIGUSR2);
    }
    assert_eq!(child.answer_to_wait_in(), Ok(0));
    assert!(start.elapsed() >= time);
}

#[test]
fn a_sleep_goes_on() {
    if !doctor_asks() {
        return;
    }
    let time = Duration::from_secs(3);
    waits_to_the_end(Waiting::Sleep(time), time);
}

#[test]
fn a_poll_goes_on() {
    if !doctor_asks() {
        return;
    }
    let time = Duration::from_secs(3);
    waits_to_the_end(Waiting::Poll(time), time);
}

#[test]
fn a_read_goes_on() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let fifo = harness.folder().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let mut input = File::options().read(true).write(true).open(&fifo).unwrap();
    let mut child = harness.actor();
    child.arm(Signal::SIGUSR2).unwrap();
    let waiting = Waiting::Read(fifo);
    child.request_wait_in(&waiting);
    for _ in 0..5 {
        assert_armed(&child, Signal::SIGUSR2);
        child.await_waits_again_in(&waiting);
    }
    input.write_all(b"input").unwrap();
    assert_eq!(child.answer_to_wait_in(), Ok(5));
}

#[test]
fn the_memory_that_the_answer_goes_to_is_as_it_was() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGUSR2).unwrap();
    let waiting = Waiting::Sleep(Duration::from_secs(60));
    child.request_wait_in(&waiting);
    let memory = File::options().read(true).write(true).open(format!("/proc/{}/mem", child.pid())).unwrap();
    let pointers = child.call().unwrap()[7..].to_vec();
    // Only the red zone and what is below it, which the thread does not use while it waits.
    let (mut now, before) = ([0; 1024], [0xa5; 1024]);
    memory.write_all_at(&before, pointers[0] - 1024).unwrap();
    assert_armed(&child, Signal::SIGUSR2);
    child.await_waits_again_in(&waiting);
    memory.read_exact_at(&mut now, pointers[0] - 1024).unwrap();
    assert_eq!((now, child.call().unwrap()[7..].to_vec()), (before, pointers));
}

#[test]
fn two_hundred_questions_do_no_harm_to_work_and_signals() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut child = harness.actor();
    child.arm(Signal::SIGUSR2).unwrap();
    child.catch(Signal::SIGUSR1);
    let end = harness.folder().join("end");
    child.request_work(&end, true);
    for _ in 0..200 {
        assert_armed(&child, Signal::SIGUSR2);
    }
    fs::write(&end, "").unwrap();
    let work = child.answer_to_work();
    assert_eq!(work.mistakes, [""; 0]);
    assert_eq!(child.caught(), work.rounds);
}

/// These are counted one by one, where another signal is one however often it was sent.
#[test]
fn no_real_time_signal_is_lost() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let signal = libc::SIGRTMIN() + 3;
    let mut child = harness.actor();
    child.arm(Signal::SIGUSR2).unwrap();
    child.catch_number(signal);
    let end = harness.folder().join("end");
    child.request_work(&end, false);
    let (pid, asking) = (child.pid(), AtomicBool::new(true));
    let sent = thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut sent = 0;
            while asking.load(Ordering::SeqCst) {
                sent += usize::from(send_number(pid, signal));
                thread::sleep(Duration::from_micros(200));
            }
            sent
        });
        let answers: Vec<_> = (0..200).map(|_| report_on(&child).armed().clone()).collect();
        asking.store(false, Ordering::SeqCst);
        let other = answers.iter().find(|answer| **answer != Signal::SIGUSR2 as i32);
        assert_eq!(other, None);
        sender.join().unwrap()
    });
    fs::write(&end, "").unwrap();
    assert_eq!(child.answer_to_work().mistakes, [""; 0]);
    assert_eq!(child.caught(), sent);
    assert!(sent > 200, "{sent}");
}
