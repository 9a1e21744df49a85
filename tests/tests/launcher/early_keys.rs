//! A key that is pressed while a launcher starts reaches the program, once. One of its processes is held before and
//! after each system call, and the terminal sends its signals there.
//!
//! ```sh
//! PDEATHSIG_BOUNDARIES=all cargo test --test launcher early_keys
//! ```
//!
//! Without the variable, a sample of the stops is taken.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{
    controlled_by_its_input, pty_pair, send_number, signal_of_terminal, until, Boundary, Harness, Tracee,
};
use rustix::termios::{tcgetwinsize, tcsetwinsize};

use crate::harness;

/// Which process is held, from its birth or exec until it waits, or executes the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Outer,
    Inner,
    Program,
}

struct Start {
    outer: Child,
    master: File,
    held: Tracee,
}

/// Starts a launcher, which leads a session with a terminal.
fn start(harness: &Harness, held: Held, before: &str, program: &[&str]) -> Start {
    let (mut master, slave) = pty_pair();
    let mut command = Command::new("perl");
    command.args(["-e", &format!("{before} <STDIN>; exec @ARGV"), env!("CARGO_BIN_EXE_run_launcher")]).args(program);
    command.stdin(slave).stdout(Stdio::piped());
    let outer = harness.start(controlled_by_its_input(&mut command));
    let mut tracee = Tracee::seize_thread(Pid::from_raw(outer.id() as i32));
    master.write_all(b"\n").unwrap();
    tracee.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_execve, _)));
    assert_eq!(tracee.step(), Boundary::Exit(0));
    if held != Held::Outer {
        // Its exit signal makes it a clone.
        tracee = tracee.follow_to_thread();
    }
    if held == Held::Program {
        tracee = tracee.follow();
    }
    Start { outer, master, held: tracee.alone() }
}

/// Whether it got so far.
fn runs_to(stop: usize, held: Held, tracee: &mut Tracee) -> bool {
    let (mut has_cloned, mut executes) = (false, false);
    for _ in 0..stop {
        match tracee.step() {
            Boundary::Entry(number, _) => {
                has_cloned |= number == libc::SYS_clone;
                executes = number == libc::SYS_execve;
                let waits = number == libc::SYS_ppoll && held != Held::Program && (has_cloned || held == Held::Inner);
                if waits {
                    return false;
                }
            }
            Boundary::Exit(answer) if executes && answer == 0 => return false,
            Boundary::Exit(_) => {}
        }
    }
    true
}

fn at_each_stop(before: &str, program: &[&str], press: impl Fn(&File), outcome: impl Fn(Child) -> Result<(), String>) {
    let stride = if env::var_os("PDEATHSIG_BOUNDARIES").is_some_and(|which| which == "all") { 1 } else { 4 };
    let mut wrong = Vec::new();
    for held in [Held::Outer, Held::Inner, Held::Program] {
        let mut stops = 0;
        for stop in (0..).step_by(stride) {
            let harness = harness();
            let mut start = start(&harness, held, before, program);
            if !runs_to(stop, held, &mut start.held) {
                break;
            }
            press(&start.master);
            drop(start.held);
            if let Err(printed) = outcome(start.outer) {
                wrong.push(format!("{held:?} is held at stop {stop}: {printed}"));
            }
            stops += 1;
        }
        eprintln!("{held:?} was held at {stops} stops");
        assert!(stops > 3, "{held:?}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ctrl_c_ends_the_program_wherever_the_launcher_is() {
    let press = |terminal: &File| signal_of_terminal(terminal, Signal::SIGINT);
    at_each_stop("", &["sleep", "1000"], press, |mut outer| {
        let mut ended = None;
        for _ in 0..300 {
            ended = outer.try_wait().unwrap();
            if ended.is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let signal = ended.and_then(|ended| ended.signal());
        (signal == Some(libc::SIGINT)).then_some(()).ok_or_else(|| format!("{ended:?}"))
    });
}

#[test]
fn a_program_that_has_them_blocked_reads_each_once() {
    let before = "use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGINT, SIGQUIT, SIGTSTP, 28));";
    let press = |terminal: &File| {
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP] {
            signal_of_terminal(terminal, signal);
        }
        let mut size = tcgetwinsize(terminal).unwrap();
        size.ws_row += 1;
        tcsetwinsize(terminal, size).unwrap();
    };
    at_each_stop(before, &[env!("CARGO_BIN_EXE_signal_printer"), "late"], press, |mut outer| {
        let mut output = BufReader::new(outer.stdout.take().unwrap());
        let mut printed = String::new();
        output.read_line(&mut printed).unwrap();
        // Read last, and the program exits of it.
        assert!(send_number(Pid::from_raw(outer.id() as i32), 64));
        output.read_to_string(&mut printed).unwrap();
        let numbers: Vec<&str> = printed.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let ended = until("the end", || outer.try_wait().unwrap());
        let once = ["up", "2", "3", "20", "28", "64"];
        (numbers == once && ended.code() == Some(9)).then_some(()).ok_or(format!("{numbers:?}, {ended}"))
    });
}
