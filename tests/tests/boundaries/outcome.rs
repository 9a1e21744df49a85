//! What becomes of a child whose parent has died.

use std::fmt::{self, Display};
use std::fs;
use std::process;

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{until, Actor, Harness};

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Died(Signal),
    Exited(i32),
    /// It answers, and no signal is pending that would kill it.
    Lives,
}

impl Outcome {
    /// Waits until it is certain. The child's parent has been reaped, so whatever the kernel sends has been sent.
    pub(crate) fn of(harness: &Harness, child: Pid, watching: bool) -> Outcome {
        // A thread may need a moment to send what is to be sent. One that watches the test sends nothing.
        let is_safe = || !watching || watches_the_test(child);
        let outcome = until("a child's end, or its call", || match harness.end_if_ended(child) {
            Some(status) => Some(Err(status)),
            None if is_safe() => harness.accept_if_connected().map(Ok),
            None => None,
        });
        match outcome {
            Ok(survivor) => {
                end(survivor, child);
                Outcome::Lives
            }
            Err(status) if libc::WIFSIGNALED(status) => {
                Outcome::Died(Signal::try_from(libc::WTERMSIG(status)).unwrap())
            }
            Err(status) => Outcome::Exited(libc::WEXITSTATUS(status)),
        }
    }
}

fn end(mut survivor: Actor<'_>, child: Pid) {
    assert_eq!(survivor.pid(), child);
    survivor.assert_lives();
    survivor.kill();
}

/// Whether a thread of its own waits for the end of this process, which has adopted it.
fn watches_the_test(child: Pid) -> bool {
    let pinned = format!("Pid:\t{}\n", process::id());
    let threads = fs::read_dir(format!("/proc/{child}/task")).into_iter().flatten().flatten();
    let tables = threads.filter_map(|thread| fs::read_dir(thread.path().join("fdinfo")).ok());
    let descriptors = tables.flatten().flatten();
    descriptors.filter_map(|entry| fs::read_to_string(entry.path()).ok()).any(|info| info.contains(&pinned))
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Died(signal) => write!(formatter, "dies of {signal}"),
            Outcome::Exited(status) => write!(formatter, "exits with {status}"),
            Outcome::Lives => write!(formatter, "LIVES"),
        }
    }
}
