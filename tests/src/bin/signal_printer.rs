//! Says `up`, then each signal that it gets: its number, and `kernel` or `process`. With `group` it leads a process
//! group of its own. It exits with 9 after SIGUSR2; with `late` after the last real-time signal, which is read after
//! all others.

use std::env;
use std::io::Write;

use nix::sys::signal::SigSet;
use nix::sys::signalfd::SignalFd;
use nix::unistd::{setpgid, Pid};

fn main() {
    let all = SigSet::all();
    all.thread_block().expect("signals are blocked");
    let signals = SignalFd::new(&all).expect("signals are read");
    let how = env::args().nth(1);
    let last = if how.as_deref() == Some("late") { 64 } else { nix::libc::SIGUSR2 as u32 };
    if how.as_deref() == Some("group") {
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).expect("a group");
    }
    let mut out = std::io::stdout();
    writeln!(out, "up").expect("a reader");
    while let Ok(Some(signal)) = signals.read_signal() {
        let from = if signal.ssi_code <= 0 { "process" } else { "kernel" };
        writeln!(out, "{} {from}", signal.ssi_signo).expect("a reader");
        if signal.ssi_signo == last {
            std::process::exit(9);
        }
    }
}
