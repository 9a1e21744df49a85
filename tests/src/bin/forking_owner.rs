//! An owner of a tether that spawns forking groups from four threads until it is killed.
//!
//! `forking_owner [--one-hang-up|--open]`; with `--open`, its user has so many descriptors in flight that the tether
//! has open ones instead. Prints a line when it has a tether, and one when it has spawned all.
//!
//! As root it becomes an ordinary user first. That user may have a limited number of processes: whatever goes wrong, the
//! process table does not fill.

use std::env;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{rlim_t, setrlimit, Resource};
use nix::unistd::{geteuid, setgid, setgroups, setuid, Gid, Uid};
use pdeathsig::{CommandExt, Signal, Tether};

const PROCESSES: rlim_t = 400;
/// Of each thread.
const COMMANDS: u64 = 30;

fn main() {
    let option = env::args().nth(1);
    let weaken = option.as_deref() == Some("--one-hang-up");
    let open = option.as_deref() == Some("--open");
    let end = Instant::now() + Duration::from_secs(30);
    setrlimit(Resource::RLIMIT_NPROC, PROCESSES, PROCESSES).unwrap();
    if geteuid().is_root() {
        // One of its own, so that others like this do not count.
        let user = 100_000 + std::process::id();
        setgroups(&[]).unwrap();
        setgid(Gid::from_raw(user)).unwrap();
        setuid(Uid::from_raw(user)).unwrap();
    }
    let storm = env::current_exe().unwrap().with_file_name("storm");
    if open {
        setrlimit(Resource::RLIMIT_NOFILE, 64, 64).unwrap();
        // Half of what it may have.
        (0..64 / 2 / 7 + 1).for_each(|_| std::mem::forget(Tether::new(Signal::KILL).unwrap()));
    }
    let before = descriptors();
    let tether = Tether::new(Signal::KILL).unwrap();
    assert_eq!(descriptors() - before, if open { 8 } else { 1 });
    if weaken {
        pdeathsig_tests::leave_one_hang_up();
        // So that all commands share that group.
        (0..32).for_each(|_| std::mem::forget(Tether::new(Signal::KILL).unwrap()));
    }
    println!("tethered");
    io::stdout().flush().unwrap();
    let commands = pdeathsig_tests::storm_size(COMMANDS);
    // Threads are processes, too, and soon there may be no more.
    let all_are_there = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                all_are_there.wait();
                for _ in 0..commands {
                    let mut command = Command::new(&storm);
                    let command = command.args(["breed", "100"]).stdout(Stdio::null()).stderr(Stdio::null());
                    // It may be that no more processes are allowed.
                    drop(command.tether(&tether).unwrap().spawn());
                }
            });
        }
    });
    println!("spawned");
    io::stdout().flush().unwrap();
    pdeathsig_tests::sleep_until(end);
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
