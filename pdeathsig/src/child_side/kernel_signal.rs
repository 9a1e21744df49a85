//! The kernel's parent-death signal, armed without the race that comes with it.

use super::sys::{self, MainThread};
use super::watch;
use crate::{DieWithParent, Error, Signal};

pub(super) fn arm(options: DieWithParent) -> Result<(), Error> {
    let main = MainThread::current()?;
    // 1. Record the parent. 2. Arm. 3. Compare. If the parent dies after 1, either the kernel sends the signal or 3 sees another parent. That parent
    // need not be pid 1: the nearest subreaper adopts orphans.
    let recorded = sys::parent_id()?;
    main.set_parent_death_signal(Some(options.signal))?;
    if let Err(error) = compare(&main, &options, recorded) {
        // Armed without a comparison, this process might die with the process that adopted it.
        main.set_parent_death_signal(None)?;
        return Err(error);
    }
    // Cancel last, so that there is no unprotected moment.
    watch::cancel(&main);
    Ok(())
}

pub(super) fn disarm() -> Result<(), Error> {
    let main = MainThread::current()?;
    main.set_parent_death_signal(None)?;
    watch::cancel(&main);
    Ok(())
}

fn compare(main: &MainThread, options: &DieWithParent, recorded: u32) -> Result<(), Error> {
    let parent = sys::parent_id()?;
    if parent == recorded && parent == options.expected_parent.unwrap_or(recorded) {
        return Ok(());
    }
    // What the kernel would have done, had the parent died a moment later.
    let sent = main.kill(options.signal);
    if options.signal == Signal::KILL {
        // Still alive: the first process of a pid namespace survives its own SIGKILL, yet not the kernel's.
        sys::exit(128 + Signal::KILL.as_raw());
    }
    sent
}
