//! The owner of children in any number, each of which sleeps until it is killed, or five minutes are over.
//!
//! `owner tether|die_with_parent|bare NUMBER`: by what they are to die with it. Each prints a dot when it is there.
//! When all are spawned, a line follows: how many descriptors the owner has open, how many it had before, and how many
//! nanoseconds it took to spawn them. It may open 1024 descriptors, and dies with the process that started it.

use std::process::Command;
use std::{env, io};

use nix::sys::resource::{rlim_t, setrlimit, Resource};
use nix::unistd::{alarm, pause, write};
use pdeathsig::{CommandExt, Signal, Tether};
use pdeathsig_tests::set_bare_before_exec;

/// As few as most systems allow.
const DESCRIPTORS: rlim_t = 1024;

fn main() {
    // It goes for the children as well, since each sets its own.
    alarm::set(300);
    if env::args().len() > 1 {
        own();
    } else {
        write(io::stdout(), b".").unwrap();
    }
    pause();
}

fn own() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tie, number] = &arguments[..] else { panic!("usage: owner tether|die_with_parent|bare NUMBER") };
    let number: usize = number.parse().expect("a number");
    pdeathsig::die_with_parent(Signal::KILL).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, DESCRIPTORS, DESCRIPTORS).unwrap();
    let program = env::current_exe().unwrap();
    // One command for each child, as a program has it that starts different ones.
    let command = || Command::new(&program);
    pdeathsig_tests::print_spawn_cost(|| match tie.as_str() {
        "tether" => {
            let tether = Tether::new(Signal::KILL).unwrap();
            (0..number).for_each(|_| spawn(command().tether(&tether).unwrap()));
            // It is cut when the process ends.
            std::mem::forget(tether);
        }
        "die_with_parent" => (0..number).for_each(|_| spawn(command().die_with_parent(Signal::KILL))),
        "bare" => (0..number).for_each(|_| spawn(set_bare_before_exec(&mut command(), 9))),
        _ => panic!("tied by {tie}?"),
    });
}

// Reaped by the process that started the owner.
#[allow(clippy::zombie_processes)]
fn spawn(command: &mut Command) {
    command.spawn().unwrap();
}
