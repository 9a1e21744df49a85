//! Leaving no process behind, unless this one is killed by SIGKILL itself.

use std::error::Error;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::table::Family;

static DOOR: Mutex<()> = Mutex::new(());

/// Makes orphans come to this process, and ends all its descendants when it is interrupted.
pub fn when_interrupted() -> Result<(), Box<dyn Error>> {
    prctl::set_child_subreaper(true)?;
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _closed = close_the_door();
            end_descendants();
            process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Whoever holds this starts a process or ends the example; nobody else does meanwhile.
pub fn close_the_door() -> MutexGuard<'static, ()> {
    DOOR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills and reaps every descendant of this subreaper.
pub fn end_descendants() {
    // Killing one brings its children here, until there is none. Another thread may be waiting for one of them, so this one
    // must not wait for what somebody else has reaped.
    loop {
        for child in Family::now().iter().flat_map(|family| family.generation(1)) {
            let _ = kill(Pid::from_raw(child.pid), Signal::SIGKILL);
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::yield_now(),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}
