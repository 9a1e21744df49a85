//! Processes that evade signals, for half a minute.
//!
//! - `storm hop NUMBER`: so many processes, each of which starts its successor in a session of its own and ends, again
//!   and again; none is there for long. After 4,000 times they stay, lest the process table fill with their remains.
//! - `storm tree NUMBER`: a process that forks, and whose forks fork, until there have been so many; they stay.
//! - `storm breed NUMBER`: two processes, each of which starts its successor in the same group and ends, so many times;
//!   then they stay.
//! - `storm vfork 1`: one that waits in `vfork`, where SIGSTOP does not reach it, for its child.
//! - `storm move GROUP`: one that goes to that process group and back to its own, again and again.
//! - `storm endless NUMBER`: processes that fork without end, up to so many; some exit at once, some go to sessions of
//!   their own.
//!
//! They print a line when the storm has risen.

use std::env;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use nix::sys::resource::{rlim_t, setrlimit, Resource};
use nix::unistd::{getpgrp, setpgid, Pid};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, number] = &arguments[..] else { panic!("usage: storm hop|tree|breed|vfork|move|endless NUMBER") };
    let number: usize = number.parse().expect("a number");
    let end = Instant::now() + Duration::from_secs(30);
    match kind.as_str() {
        "hop" => {
            let hops = pdeathsig_tests::SharedCounter::new();
            for _ in 0..number {
                if pdeathsig_tests::forked() {
                    return hop(&hops, end);
                }
            }
        }
        "tree" => {
            let forks = pdeathsig_tests::SharedCounter::new();
            if pdeathsig_tests::forked() {
                return grow(&forks, number, end);
            }
            while forks.get() < number / 2 {}
        }
        "breed" => {
            for _ in 0..2 {
                if pdeathsig_tests::forked() {
                    return breed(number, end);
                }
            }
        }
        "vfork" => {
            let pid = pdeathsig_tests::vforking().unwrap();
            let stat = format!("/proc/{pid}/stat");
            while !std::fs::read_to_string(&stat).unwrap().contains(") D ") {}
        }
        "endless" => {
            // The limit counts all processes of a user.
            let number = number as rlim_t;
            setrlimit(Resource::RLIMIT_NPROC, number, number).unwrap();
            if pdeathsig_tests::forked() {
                return fork_without_end(end);
            }
        }
        "move" => move_to_and_fro(Pid::from_raw(number as i32), end),
        _ => panic!("usage: storm hop|tree|breed|vfork|move|endless NUMBER"),
    }
    println!("risen");
    io::stdout().flush().unwrap();
    pdeathsig_tests::sleep_until(end);
}

fn hop(hops: &pdeathsig_tests::SharedCounter, end: Instant) {
    while hops.add() < 4000 && Instant::now() < end {
        if !pdeathsig_tests::forked() {
            return;
        }
        // A session of its own. A process just forked can always make one.
        let _ = nix::unistd::setsid();
    }
    pdeathsig_tests::sleep_until(end);
}

fn grow(forks: &pdeathsig_tests::SharedCounter, most: usize, end: Instant) {
    while forks.add() < most && Instant::now() < end {
        pdeathsig_tests::forked();
    }
    pdeathsig_tests::sleep_until(end);
}

fn move_to_and_fro(group: Pid, end: Instant) {
    let own = getpgrp();
    while Instant::now() < end {
        for group in [group, own] {
            // The group may be empty by now.
            let _ = setpgid(Pid::from_raw(0), group);
        }
    }
}

fn fork_without_end(end: Instant) {
    let mut forks = 0;
    while Instant::now() < end {
        match pdeathsig_tests::try_fork() {
            Ok(None) => {
                forks = 0;
                if std::process::id() % 3 == 0 {
                    let _ = nix::unistd::setsid();
                }
            }
            // Its last child goes on.
            Ok(Some(_)) if forks == std::process::id() % 4 => return,
            Ok(Some(_)) => forks += 1,
            // No more are allowed. One that waits for its children would be one less.
            Err(_) => std::thread::yield_now(),
        }
    }
}

fn breed(most: usize, end: Instant) {
    for _ in 0..most {
        if !pdeathsig_tests::forked() {
            return;
        }
    }
    pdeathsig_tests::sleep_until(end);
}
