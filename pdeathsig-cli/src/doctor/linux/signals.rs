//! Signals by number.

use nix::libc;
use pdeathsig::Signal;

pub(crate) fn name(signal: i32) -> String {
    Signal::from_raw(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string())
}

/// Whether a signal mask of `/proc` contains `signal`.
pub(crate) fn has(mask: u64, signal: i32) -> bool {
    (1..=64).contains(&signal) && mask >> (signal - 1) & 1 == 1
}

/// The default action of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Terminate,
    Stop,
    /// It does nothing, or it continues a process that was stopped.
    Ignore,
}

pub(crate) fn default_action(signal: i32) -> Action {
    match signal {
        libc::SIGCHLD | libc::SIGCONT | libc::SIGURG | libc::SIGWINCH => Action::Ignore,
        libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => Action::Stop,
        _ => Action::Terminate,
    }
}
