//! The controlling terminal, and the process group that has it: the one in the foreground.

use std::fs::File;
use std::io;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rustix::process::{getpgrp, Pid};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

/// Whether `group` has it. Where there is none, nobody has.
pub fn is_with(group: Pid) -> bool {
    terminal().is_ok_and(|terminal| tcgetpgrp(terminal) == Ok(group))
}

/// Whether this process's group has it.
pub fn is_with_us() -> bool {
    is_with(getpgrp())
}

/// Gives it to `group`.
pub fn give_to(group: Pid) -> io::Result<()> {
    let terminal = terminal()?;
    // One in the background that does this is stopped, unless it blocks the signal.
    let before = SigSet::from_iter([Signal::SIGTTOU]).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let given = tcsetpgrp(terminal, group);
    before.thread_set_mask()?;
    Ok(given?)
}

fn terminal() -> io::Result<File> {
    File::open("/dev/tty")
}
