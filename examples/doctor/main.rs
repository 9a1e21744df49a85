//! Why did my child die, or why does it live? Examines what ties a process to its parent, and what happens to it when that ends.
//!
//! ```sh
//! cargo run --example doctor               # itself, as started by whoever ran it
//! cargo run --example doctor -- 4242       # the process 4242
//! cargo run --example doctor -- --json 4242
//! ```
//!
//! - `--json` prints one object with the facts, the findings (by stable ids) and the verdicts.
//! - The exit status is 0, whatever is found; 2 if there is no such process, or the doctor was called wrongly.
//!
//! The kernel tells a parent-death signal to nobody but the thread that has armed it. So the doctor has each thread of the process
//! make one system call that asks for it (`ask.rs`), for which it must be permitted to trace it. The thread stops for less
//! than a millisecond. A call in which it waits, as `read`, `poll` or `nanosleep`, goes on by itself. Some calls
//! return EINTR, as they do when a process is stopped and continued: `epoll_wait`, `sigtimedwait`, `semop`, a `recv` with a timeout
//! (signal(7)). `--no-ptrace` leaves the process alone. Nothing but SIGKILL ends the doctor while it asks: that, within
//! these microseconds, would cost the thread the system call that it was about to make.

mod facts;
mod findings;
mod gather;
mod protection;
mod report;
mod signals;
mod threads;
mod verdict;

#[cfg(all(target_os = "linux", target_arch = "x86_64", any(target_env = "gnu", target_env = "musl")))]
mod ask;

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::{self, ExitCode};

use nix::sys::signal::SigSet;

use report::Report;

const USAGE: &str = "usage: doctor [--json] [--no-ptrace] [PID]";

const HELP: &str = "\
Tells what ties a process to its parent, and what happens to it when that ends.
Without PID it examines itself.

  --json       one object, for programs
  --no-ptrace  do not ask the process for its parent-death signal

To ask, the doctor stops each thread of the process for less than a millisecond. Most calls in which
it waits go on by themselves; some, such as epoll_wait, return EINTR, as after a stop and SIGCONT.";

#[derive(Default)]
struct Arguments {
    json: bool,
    no_ptrace: bool,
    help: bool,
    pid: Option<i32>,
}

fn main() -> ExitCode {
    let arguments = match parse(env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("doctor: {mistake} ({USAGE})");
            return ExitCode::from(2);
        }
    };
    if arguments.help {
        println!("{USAGE}\n\n{HELP}");
        return ExitCode::SUCCESS;
    }
    examine(&arguments).unwrap_or_else(|error| {
        eprintln!("doctor: {error}");
        ExitCode::FAILURE
    })
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Arguments, String> {
    let mut parsed = Arguments::default();
    for argument in arguments {
        match argument.to_string_lossy().as_ref() {
            "--json" => parsed.json = true,
            "--no-ptrace" => parsed.no_ptrace = true,
            "--help" | "-h" => parsed.help = true,
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            pid if parsed.pid.is_none() => {
                let number = pid.parse().ok().filter(|pid| *pid > 0);
                parsed.pid = Some(number.ok_or_else(|| format!("{pid} is no process id"))?);
            }
            _ => return Err("one process at a time".into()),
        }
    }
    Ok(parsed)
}

fn examine(arguments: &Arguments) -> io::Result<ExitCode> {
    let pid = arguments.pid.unwrap_or(process::id() as i32);
    let myself = pid == process::id() as i32;
    // Ended in the midst of a question, it would leave the asked thread with the registers of the question.
    let before = SigSet::all().thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    if myself {
        before.thread_set_mask()?;
    }
    let facts = gather::gather(pid, !arguments.no_ptrace);
    before.thread_set_mask()?;
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => {
            report::missing(pid, &why, arguments.json)?;
            return Ok(ExitCode::from(2));
        }
    };
    let report = Report { findings: findings::findings(&facts), verdicts: verdict::verdicts(&facts), facts };
    if arguments.json {
        report.json()?;
    } else {
        report.text();
    }
    Ok(ExitCode::SUCCESS)
}
