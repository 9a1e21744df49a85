//! The command `pdeathsig`: runs a program whose whole process tree dies with the process that started it.
//!
//! The work is [`Launcher::run`]'s. Here are the options.

// Rust's runtime would ignore SIGPIPE, and then the program would not get what this process inherited. It also opens
// standard streams that are closed, and handles SIGSEGV.
#![no_main]

mod arguments;
mod grace;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::Command;

use pdeathsig::Launcher;

use arguments::{Request, Run};

/// Wrong usage, or a failure of `pdeathsig` itself; as env, nohup and timeout have it.
const FAILED: i32 = 125;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!("pdeathsig ", env!("CARGO_PKG_VERSION"), "\n");

// The C library calls the one `main` of a program, and nothing else here has this name.
#[allow(unsafe_code)]
#[no_mangle]
extern "C" fn main() -> i32 {
    // A host may have started this as its launcher.
    Launcher::init();
    let arguments = match own_arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            return fail(format_args!("cannot read the arguments from /proc/self/cmdline: {error}; mount /proc"))
        }
    };
    match arguments::parse(arguments) {
        Ok(Request::Help) => print(HELP),
        Ok(Request::Version) => print(VERSION),
        Ok(Request::Run(run)) => start(run),
        Err(mistake) => fail(mistake),
    }
}

fn start(run: Run) -> i32 {
    let mut launcher = Launcher::new();
    if let Some(signal) = run.signal {
        launcher = launcher.signal(signal);
    }
    if let Some(grace) = run.grace {
        launcher = launcher.grace(grace);
    }
    for pid in run.watched {
        launcher = launcher.watch_pid(pid);
    }
    if let Some(expected) = run.expected_parent {
        launcher = launcher.__expected_parent(expected);
    }
    if run.keep_background {
        launcher = launcher.keep_background();
    }
    if run.verbose {
        launcher = launcher.__verbose();
    }
    let mut command = Command::new(run.program);
    command.args(run.arguments);
    launcher.run(command)
}

/// Without the name of this program.
fn own_arguments() -> io::Result<Vec<OsString>> {
    let arguments = env::args_os();
    #[cfg(unix)]
    if arguments.len() == 0 {
        return arguments_of_the_kernel();
    }
    Ok(arguments.skip(1).collect())
}

/// std knows the arguments without its runtime only where the C library passes them to constructors, as glibc does and
/// musl does not.
#[cfg(unix)]
fn arguments_of_the_kernel() -> io::Result<Vec<OsString>> {
    use std::os::unix::ffi::OsStringExt;
    let line = std::fs::read("/proc/self/cmdline")?;
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    Ok(line.split(|byte| *byte == 0).skip(1).map(|argument| OsString::from_vec(argument.to_owned())).collect())
}

/// The exit status.
fn print(text: &str) -> i32 {
    let mut output = io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => 0,
        Err(error) => fail(format_args!("cannot write to standard output: {error}")),
    }
}

/// One line on standard error; the exit status.
fn fail(message: impl Display) -> i32 {
    // If it cannot be written, nothing else can be done about it.
    let _ = writeln!(io::stderr(), "pdeathsig: {message}");
    FAILED
}
