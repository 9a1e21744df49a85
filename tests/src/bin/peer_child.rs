//! A child for the benchmark `peers`: it does its part of a tie, and sleeps until it is killed, or a minute is over.
//!
//! `peer_child TIE [--on CPU] [--with-child]`; prints its id when it is armed. With a child of its own, which nothing
//! ties to it, that one's id follows. `peer_child TIE --timed` prints how many nanoseconds it takes to arm, to undo
//! that, and to arm again.

use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use nix::unistd::{alarm, pause, Pid};
use pdeathsig::outlive_parent;
use pdeathsig_tests::{keep_on, Tie};

fn main() {
    alarm::set(60);
    let mut arguments = env::args().skip(1);
    let tie = Tie::named(&arguments.next().expect("usage: peer_child TIE [--on CPU] [--with-child]"));
    let mut with_child = false;
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--on" => keep_on(Pid::this(), arguments.next().and_then(|cpu| cpu.parse().ok()).expect("--on CPU")),
            "--timed" => return time(tie),
            "--with-child" => with_child = true,
            _ => panic!("{option}?"),
        }
    }
    tie.arm();
    println!("{}", own_id());
    if with_child {
        start_another();
    }
    loop {
        pause();
    }
}

/// As those see it that started it: `/proc` is theirs, also for a process in a new pid namespace.
fn own_id() -> String {
    fs::read_link("/proc/self").unwrap().display().to_string()
}

fn time(tie: Tie) {
    let steps: [fn(Tie); 3] = [Tie::arm, |_| outlive_parent().unwrap(), Tie::arm];
    let times = steps.map(|step| {
        let start = Instant::now();
        step(tie);
        start.elapsed().as_nanos()
    });
    println!("{} {} {}", times[0], times[1], times[2]);
}

// The benchmark reaps it.
#[allow(clippy::zombie_processes)]
fn start_another() {
    Command::new(env::current_exe().unwrap()).arg("nothing").spawn().unwrap();
}
