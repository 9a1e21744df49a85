//! A parent for the benchmark `peers`, of children that are tied to it by this crate or another.
//!
//! - `peer_parent one TIE PROGRAM …`: one child.
//! - `peer_parent from-thread TIE PROGRAM …`: one from a thread that ends, with a line, when a line is read.
//! - `peer_parent many TIE NUMBER PROGRAM`: so many. A line follows, as `owner` has it.
//!
//! It lives on until it is killed, or five minutes are over, and dies with the process that started it.

use std::path::Path;
use std::{env, io, mem, thread};

use nix::sys::resource::{getrlimit, setrlimit, Resource};
use nix::unistd::{alarm, pause};
use pdeathsig::{Launcher, Signal};
use pdeathsig_tests::{print_spawn_cost, Spawner, Tie};

const USAGE: &str = "usage: peer_parent one|from-thread TIE PROGRAM … | many TIE NUMBER PROGRAM";

fn main() {
    // Only the tie `launcher` needs it.
    Launcher::init();
    alarm::set(300);
    pdeathsig::die_with_parent(Signal::KILL).unwrap();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["one", tie, program, ref arguments @ ..] => own_one(Tie::named(tie), Path::new(program), arguments),
        ["from-thread", tie, program, ref arguments @ ..] => {
            own_one_from_thread(Tie::named(tie), Path::new(program), arguments);
        }
        ["many", tie, number, program] => own_many(Tie::named(tie), number.parse().expect(USAGE), Path::new(program)),
        _ => panic!("{USAGE}"),
    }
    loop {
        pause();
    }
}

fn own_one(tie: Tie, program: &Path, arguments: &[&str]) {
    let spawner = Spawner::new(tie);
    // Nothing is dropped, so that the tie ends with the process, if it can.
    mem::forget(spawner.spawn(program, arguments));
    mem::forget(spawner);
}

fn own_one_from_thread(tie: Tie, program: &Path, arguments: &[&str]) {
    let spawn = || {
        own_one(tie, program, arguments);
        io::stdin().read_line(&mut String::new()).unwrap();
    };
    thread::scope(|scope| scope.spawn(spawn).join().unwrap());
    println!("ended");
}

fn own_many(tie: Tie, number: usize, program: &Path) {
    // Some keep a descriptor for each child.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    print_spawn_cost(|| {
        let spawner = Spawner::new(tie);
        (0..number).for_each(|_| mem::forget(spawner.spawn(program, &[])));
        mem::forget(spawner);
    });
}
