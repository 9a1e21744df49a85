//! Why did my child die, or live? What ties a process to its parent, what will come of it, and what to do about it.
//!
//! ```sh
//! cargo run --example doctor                 # of itself
//! cargo run --example doctor -- 4711         # of that process
//! cargo run --example doctor -- --json 4711
//! ```
//!
//! The kernel tells a process's parent-death signal to nobody but that process. So the doctor asks it: it stops each
//! of its threads for a moment, as a debugger does, has it make that one system call, and puts everything back. What
//! the thread was waiting for goes on, but for calls that any stop interrupts, as `epoll_wait` (signal(7) lists
//! them): these return `EINTR`. `--no-ptrace` leaves the process alone, and so does the doctor where a seccomp filter
//! might punish the call.
//!
//! The status is 0 whatever is found, 2 if there is no such process or the doctor was called wrongly, 1 if it failed.

mod ask;
mod diagnosis;
mod facts;
mod findings;
mod report;

use std::error::Error;
use std::process::{self, ExitCode};

use diagnosis::Diagnosis;
use facts::Facts;

const USAGE: &str = "usage: doctor [--json] [--no-ptrace] [PID]";

const GONE: &str = "\
A wait status tells what ended it: 9 is SIGKILL, which a parent-death signal, a tether, the OOM killer and
anybody's `kill -9` send alike. In a shell that is 137, and 143 is SIGTERM. The status 137 without a signal: the
first process of a container whose parent was gone. For the OOM killer, look into the kernel's log, and for
`oom_kill` in `memory.events` of the control group. If it died while its parent lived, some ten seconds after the
parent had nothing to do, the thread that spawned it ended: `watch`, or a `Tether`.";

struct Arguments {
    pid: i32,
    json: bool,
    ptrace: bool,
}

fn parse() -> Result<Arguments, lexopt::Error> {
    use lexopt::prelude::*;
    let mut arguments = Arguments { pid: process::id() as i32, json: false, ptrace: true };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => arguments.json = true,
            Long("no-ptrace") => arguments.ptrace = false,
            Short('h') | Long("help") => {
                println!("{USAGE}");
                process::exit(0);
            }
            Value(pid) => arguments.pid = pid.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("doctor: {mistake}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match examine(&arguments) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("doctor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn examine(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Some(facts) = Facts::gather(arguments.pid, arguments.ptrace)? else {
        eprintln!(
            "doctor: there is no process {}; it has ended, or is in another pid namespace\n\n{GONE}",
            arguments.pid
        );
        return Ok(ExitCode::from(2));
    };
    let diagnosis = Diagnosis::of(facts);
    if arguments.json {
        report::json(&diagnosis)?;
    } else {
        report::text(&diagnosis)?;
    }
    Ok(ExitCode::SUCCESS)
}
