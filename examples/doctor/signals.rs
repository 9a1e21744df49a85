//! Signals by their numbers.

use nix::libc;
use pdeathsig::Signal;

pub(crate) fn name(signal: i32) -> String {
    Signal::from_raw(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string())
}

/// What a signal does to a process that does nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByDefault {
    Ends,
    Stops,
    Nothing,
}

pub(crate) fn by_default(signal: i32) -> ByDefault {
    match signal {
        libc::SIGCHLD | libc::SIGCONT | libc::SIGURG | libc::SIGWINCH => ByDefault::Nothing,
        libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => ByDefault::Stops,
        _ => ByDefault::Ends,
    }
}
