//! Runs a command that does not outlive this process, nor this process its parent: for shell scripts, CI jobs and containers.
//!
//! ```sh
//! cargo run --example wrap -- bash -c 'sleep 60 & sleep 60'   # then `kill -9` it from another terminal
//! cargo run --example wrap -- --signal TERM -- sleep 60       # the command gets SIGTERM instead of SIGKILL
//! ```
//!
//! When `wrap` ends, however it does, the command gets the signal, and so does all that it has started and that stays in its
//! process group. When the command ends, whatever it has left behind gets it: no background process survives a script. When the
//! parent of `wrap` ends, `wrap` is killed. (A parent that has ended before `wrap` begins is not noticed.)
//!
//! - The exit status is that of the command; 128 + n if the signal n killed it, 127 if there is no such program, 126 if it cannot
//!   be executed. 125 says that `wrap` itself failed, 2 that it was called wrongly.
//! - Every signal that can be caught is passed on to the command. SIGINT, SIGQUIT, SIGTSTP, SIGCONT and SIGWINCH, which a terminal
//!   sends to a whole group, are passed on to all in its group. What `wrap` was started to ignore, as by `nohup`, the command ignores.
//! - Not passed on: SIGCHLD, which tells of the command itself; SIGTTIN and SIGTTOU, which stop `wrap` in the background of a terminal;
//!   SIGILL, SIGFPE and SIGSEGV, which kill `wrap`, and the command with it.
//! - In the foreground of a terminal, the command has the terminal until it ends or stops. If it stops, so does `wrap`, so that
//!   Ctrl-Z, `fg` and `bg` work. In a pipeline it gets the terminal when it asks for it. If `wrap` is killed by SIGKILL, nobody
//!   gives the terminal back; an interactive shell takes it.
//! - A shell with job control, as the command, puts what it starts into groups of their own. These are not reached.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};
use std::ops::RangeInclusive;
use std::process::{Command, ExitCode};

use nix::sys::signal::SigSet;
use pdeathsig::{die_with_parent, CommandExt, DieWithParent, Error, Signal, Tether};
use pdeathsig_examples::terminal;
use procfs::process::Process;
use rustix::process::{
    getpgid, getpgrp, getpid, kill_current_process_group, kill_process, wait, Pid, Signal as Named, WaitOptions,
    WaitStatus,
};
use signal_hook::consts::*;
use signal_hook::iterator::Signals;

const USAGE: &str = "usage: wrap [--signal SIGNAL] [--] COMMAND [ARGUMENT]...";

/// Those that `wrap` takes itself, and those that cannot be caught.
const NOT_PASSED_ON: [i32; 8] = [SIGKILL, SIGSTOP, SIGCHLD, SIGTTIN, SIGTTOU, SIGILL, SIGFPE, SIGSEGV];
/// The C library keeps these two for itself.
const RESERVED: RangeInclusive<i32> = 32..=33;
const FOR_THE_GROUP: [i32; 5] = [SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];

fn main() -> ExitCode {
    let status = match parse(env::args_os().skip(1)) {
        Ok((signal, command)) => run(signal, command).unwrap_or_else(|error| {
            eprintln!("wrap: {error}");
            125
        }),
        Err(mistake) => {
            eprintln!("wrap: {mistake}\n{USAGE}");
            2
        }
    };
    ExitCode::from(status)
}

/// The signal of the tether, and the command.
fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<(Signal, Vec<OsString>), String> {
    let mut signal = Signal::KILL;
    let mut command = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--signal") => {
                let name = arguments.next().ok_or("--signal is without a signal")?;
                let name = name.to_string_lossy();
                signal = name.parse().map_err(|error| format!("--signal {name}: {error}"))?;
            }
            Some("--") => command.extend(arguments.by_ref()),
            Some(option) if option.starts_with('-') => return Err(format!("there is no option {option}")),
            _ => {
                command.push(argument);
                command.extend(arguments.by_ref());
            }
        }
    }
    if command.is_empty() {
        return Err("there is no command".into());
    }
    Ok((signal, command))
}

/// Runs the command to its end; the status to exit with.
fn run(signal: Signal, command: Vec<OsString>) -> io::Result<u8> {
    tie_to_parent()?;
    // A signal that comes before the command is there waits for it.
    let mut signals = Signals::new(to_be_passed_on().chain([SIGCHLD]))?;
    SigSet::from_iter([nix::sys::signal::SIGCHLD]).thread_unblock()?;

    let tether = Tether::new(signal)?;
    let spawned = Command::new(&command[0]).args(&command[1..]).tether(&tether)?.spawn();
    let child = match spawned {
        Ok(child) => Pid::from_child(&child),
        Err(error) => {
            eprintln!("wrap: {}: {error}", command[0].to_string_lossy());
            return Ok(if error.kind() == ErrorKind::NotFound { 127 } else { 126 });
        }
    };
    let mut wrapped = Wrapped { child, tether, has_terminal: false };
    let end = wrapped.see_to(&mut signals)?;
    // Whatever the command has left behind ends with the tether.
    drop(wrapped);
    let status = end.exit_status().or(end.terminating_signal().map(|signal| 128 + signal));
    Ok(status.and_then(|status| u8::try_from(status).ok()).unwrap_or(125))
}

fn tie_to_parent() -> Result<(), Error> {
    match DieWithParent::new(Signal::KILL).watch().arm() {
        // The first process of a container: the kernel sees its parent, though it cannot be seen from here.
        Err(Error::ParentNotVisible) => die_with_parent(Signal::KILL),
        tied => tied,
    }
}

/// Without those that were ignored from the beginning. The command must ignore them, too, and does so unless they are handled here.
/// (Rust's runtime ignores SIGPIPE, and a command gets it back.)
fn to_be_passed_on() -> impl Iterator<Item = i32> {
    let ignored = Process::myself().and_then(|process| process.status()).map_or(0, |status| status.sigign);
    let kept = |signal: &i32| NOT_PASSED_ON.contains(signal) || RESERVED.contains(signal);
    let is_ignored = move |signal: &i32| ignored >> (signal - 1) & 1 == 1 && *signal != SIGPIPE;
    (1..=64).filter(move |signal| !kept(signal) && !is_ignored(signal))
}

struct Wrapped {
    child: Pid,
    tether: Tether,
    /// Whether it was given the terminal.
    has_terminal: bool,
}

impl Wrapped {
    /// Passes on what comes until the command has ended.
    fn see_to(&mut self, signals: &mut Signals) -> io::Result<WaitStatus> {
        self.lend_terminal_to_command_alone();
        loop {
            for signal in signals.wait() {
                match signal {
                    SIGCHLD => {
                        if let Some(end) = self.look_after_children()? {
                            return Ok(end);
                        }
                    }
                    SIGCONT => self.go_on(),
                    signal => self.pass_on(signal),
                }
            }
        }
    }

    /// The command's end, if it has ended.
    fn look_after_children(&mut self) -> io::Result<Option<WaitStatus>> {
        // Orphans that come to the first process of a container are reaped, too.
        while let Some((pid, status)) = wait(WaitOptions::NOHANG | WaitOptions::UNTRACED)? {
            match status.stopping_signal() {
                _ if pid != self.child => {}
                Some(signal) => self.stopped(signal),
                None => return Ok(Some(status)),
            }
        }
        Ok(None)
    }

    fn pass_on(&self, signal: i32) {
        // One that may not be sent, as to another user's process, is lost, as it is without us.
        if FOR_THE_GROUP.contains(&signal) {
            let _ = Signal::from_raw(signal).map(|signal| self.tether.send_signal(signal));
        } else {
            // SAFETY: this process has caught it, so it is none of those that the C library keeps for itself.
            #[allow(unsafe_code)]
            let signal = unsafe { Named::from_raw_unchecked(signal) };
            let _ = kill_process(self.child, signal);
        }
        if signal == SIGTSTP && !self.has_terminal {
            // A shell that waits for us is to see that we have stopped.
            let _ = kill_process(getpid(), Named::TTIN);
        }
    }

    /// The command was stopped.
    fn stopped(&mut self, by: i32) {
        let asks_for_terminal = matches!(by, SIGTTIN | SIGTTOU);
        if asks_for_terminal && (self.lend_terminal() || self.group().is_some_and(terminal::is_with)) {
            return self.pass_on(SIGCONT);
        }
        if !asks_for_terminal && !self.has_terminal {
            return;
        }
        self.take_terminal();
        // Ctrl-Z stops all in the foreground, and so our group, unless there is no shell to continue it. SIGTTIN does the same, and
        // is not handled here.
        let _ = kill_current_process_group(Named::TTIN);
        if terminal::is_with_us() {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        self.lend_terminal_to_command_alone();
        self.pass_on(SIGCONT);
    }

    /// In a pipeline, others may need it, and the command gets it only when it asks for it.
    fn lend_terminal_to_command_alone(&mut self) {
        if io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal() {
            self.lend_terminal();
        }
    }

    /// Whether the command has got the terminal, which it does if we have it.
    fn lend_terminal(&mut self) -> bool {
        let lent = terminal::is_with_us() && self.group().is_some_and(|group| terminal::give_to(group).is_ok());
        self.has_terminal |= lent;
        lent
    }

    fn take_terminal(&mut self) {
        if self.has_terminal {
            let _ = terminal::give_to(getpgrp());
            self.has_terminal = false;
        }
    }

    fn group(&self) -> Option<Pid> {
        getpgid(Some(self.child)).ok()
    }
}

impl Drop for Wrapped {
    fn drop(&mut self) {
        self.take_terminal();
    }
}
