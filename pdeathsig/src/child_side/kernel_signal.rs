//! The kernel's parent-death signal, armed without the race that comes with it.

use super::sys::{self, MainThread};
use super::watch::{self, DeathMissed};
use crate::{DieWithParent, Error, Signal};

pub(super) fn arm(options: DieWithParent) -> Result<(), Error> {
    let main = MainThread::current()?;
    // 1. Record the parent. 2. Arm. 3. Compare. If the parent dies after 1, either the kernel sends the signal or 3
    //    sees another parent. That parent
    // need not be pid 1: the nearest subreaper adopts orphans.
    let recorded = sys::parent_id()?;
    if recorded == 0 && main.process() != 1 {
        // The parent is outside this pid namespace, and probably a helper that exits at once.
        return Err(Error::ParentNotVisible);
    }
    main.set_parent_death_signal(Some(options.signal))?;
    let parent = match sys::parent_id() {
        Ok(parent) => parent,
        Err(error) => {
            // Armed without a comparison, this process might die with the process that adopted it.
            main.set_parent_death_signal(None)?;
            return Err(error);
        }
    };
    let mut died = parent != recorded || parent != options.expected_parent.unwrap_or(recorded);
    // Cancel last, so that there is no unprotected moment. The watch may know of a death that was not acted upon yet.
    let cancelled = watch::cancel(&main);
    died |= matches!(cancelled, Err(DeathMissed));
    if !died {
        return Ok(());
    }
    // What the kernel would have done, had the parent died a moment later.
    let sent = main.kill(options.signal);
    if options.signal == Signal::KILL {
        // Still alive: the first process of a pid namespace survives its own SIGKILL, yet not the kernel's.
        sys::exit(128 + Signal::KILL.as_raw());
    }
    if sent.is_err() {
        main.set_parent_death_signal(None)?;
    }
    sent
}

pub(super) fn disarm() -> Result<(), Error> {
    let main = MainThread::current()?;
    main.set_parent_death_signal(None)?;
    // A death that was missed is forgotten, as asked.
    let _ = watch::cancel(&main);
    Ok(())
}
