//! What a launcher changes of a process for its own work, and what it gives back before it executes the program.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::thread;

use libc::c_int;

use super::cvt;
use super::mask::Mask;
use super::shared::Board;
use crate::{Error, Signal};

#[derive(Clone, Copy)]
pub(crate) struct Inherited {
    mask: Mask,
    child: libc::sigaction,
    pipe: libc::sigaction,
}

impl std::fmt::Debug for Inherited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inherited").field("mask", &self.mask).finish_non_exhaustive()
    }
}

impl Inherited {
    /// Blocks every signal, and has SIGCHLD do what it does by default: a process that ignores it has no exit status of
    /// its children.
    pub(crate) fn set_aside() -> Result<Inherited, Error> {
        let mask = Mask::block_all().map_err(Error::os("rt_sigprocmask(2)"))?;
        let child = set(libc::SIGCHLD, Some(&default())).map_err(Error::os("sigaction(2)"))?;
        let mut pipe = set(libc::SIGPIPE, None).map_err(Error::os("sigaction(2)"))?;
        // The runtime of std ignores it before `main`, and what was inherited is lost. std's commands undo that, and so
        // does this.
        if thread::current().name() == Some("main") {
            pipe = default();
        }
        Ok(Inherited { mask, child, pipe })
    }

    /// Has a command give all of it back, at the last moment before it executes the program in the place of this
    /// process. The program is tied to its parent, `inner`. It waits until `inner` has left the owner's group, and gets
    /// the terminal's signals that were sent before it was forked.
    pub(crate) fn restore_before_exec(self, command: &mut Command, inner: u32, board: &'static Board) {
        let restore = move || {
            // Once more: to change the user, as the command may have done, disarms.
            super::arm_for(Signal::KILL, inner)?;
            set(libc::SIGCHLD, Some(&self.child))?;
            set(libc::SIGPIPE, Some(&self.pipe))?;
            let early = board.early();
            let pending = Mask::pending()?;
            for signal in early.each().filter(|signal| !pending.contains(*signal)) {
                // SAFETY: kill takes numbers by value.
                cvt(unsafe { libc::syscall(libc::SYS_kill, super::own_id(), signal) })?;
            }
            self.mask.install()
        };
        // SAFETY: what is done there is async-signal-safe: system calls, and errors that are mere numbers.
        unsafe { command.pre_exec(restore) };
    }
}

/// All-zero is an empty mask and no flags.
fn default() -> libc::sigaction {
    // SAFETY: a sigaction is made of numbers, and of pointers that may be null.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = libc::SIG_DFL;
    action
}

fn set(signal: c_int, action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut before = default();
    let new = action.map_or(ptr::null(), |action| action as *const libc::sigaction);
    // SAFETY: sigaction reads the new action, if any, and writes the old one. No handler is installed that was not
    // there.
    cvt(unsafe { libc::sigaction(signal, new, &mut before) })?;
    Ok(before)
}

/// Ends this process of a signal, as its program ended, without a second core dump.
pub(crate) fn die_of(number: c_int) -> ! {
    // SAFETY: PR_SET_DUMPABLE takes a number by value.
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_DUMPABLE, 0 as libc::c_ulong) };
    let _ = set(number, Some(&default()));
    // SAFETY: kill takes numbers by value.
    unsafe { libc::syscall(libc::SYS_kill, super::own_id(), number) };
    let _ = Mask::of_number(number).unblock();
    // The first process of a pid namespace survives its own signals.
    super::exit(128 + number)
}
