//! What is done when the parent is gone: descendants first, then the process group, then this process.
//!
//! Nothing here allocates, takes a lock or opens what was not set aside, but for files in `/proc`: other threads may hold any
//! lock for ever.

use std::time::{Duration, Instant};

use super::descendants::{wait_until_halted, Tree};
use super::{Plan, Provisions};
use crate::sys::{self, PidSet, Pidfd};
use crate::Signal;

/// How long this process may take to stop. It takes microseconds, unless one of its threads sleeps where no signal wakes it.
const STOP: Duration = Duration::from_secs(1);

/// Sends the signal to each, once.
pub(super) fn ask(plan: Plan, provisions: Option<&mut Provisions>) -> Option<Adopting> {
    if plan.signal == Signal::KILL {
        kill(plan, provisions);
    }
    let own = sys::own_id();
    let adopting = provisions.map(|provisions| {
        let adopting = Adopting::begin();
        if sys::shows_this_pid_namespace() {
            Tree::below(own, &mut provisions.pids).send(plan.signal);
        }
        adopting
    });
    let led = plan.process_group && sys::leads_its_group(own);
    let mut sent = Ok(());
    if plan.process_group {
        // Without it, if it has left the group since.
        sent = sys::send_to_group_of(own, plan.signal);
    }
    if !led {
        sent = sys::send(own, plan.signal);
    }
    if sent.is_err() {
        // A sandbox that lets nobody be signalled. There is nobody to tell either, and to live on would be wrong.
        sys::exit(128 + plan.signal.as_raw());
    }
    adopting
}

/// SIGKILL to whoever is left, this process last.
pub(super) fn kill(plan: Plan, provisions: Option<&mut Provisions>) -> ! {
    let own = sys::own_id();
    if let Some(Provisions { pids, helper }) = provisions {
        let _adopting = Adopting::begin();
        let watcher = sys::own_thread_id();
        // If there cannot be one, from within: then a process that another thread starts in the last moment is missed.
        let _ = helper.run(|| kill_from_outside(plan, own, watcher, pids));
        if sys::shows_this_pid_namespace() {
            Tree::below(own, pids).kill();
        }
    }
    if plan.process_group {
        let _ = sys::send_to_group_of(own, Signal::KILL);
    }
    let _ = sys::send(own, Signal::KILL);
    sys::exit(128 + Signal::KILL.as_raw());
}

/// In a process of its own: stops the one that is to end, so that no thread of it starts another process meanwhile, and kills all.
fn kill_from_outside(plan: Plan, root: u32, watcher: u32, pids: &mut PidSet) {
    let Ok(pinned) = Pidfd::open(root) else { return };
    // Not in another pid namespace, where the number is somebody else's.
    if sys::parent_id().ok() != Some(root) || !sys::shows_this_pid_namespace() {
        return;
    }
    if pinned.send(Signal::STOP).is_err() {
        return;
    }
    wait_until_halted(root, watcher, Instant::now() + STOP);
    Tree::below(root, pids).kill();
    if plan.process_group {
        // And this process with it, if that leads it still.
        let _ = sys::send_to_group_of(root, Signal::KILL);
    }
    let _ = pinned.send(Signal::KILL);
}

/// While it lasts, orphans among the descendants come to this process.
pub(super) struct Adopting {
    before: bool,
}

impl Adopting {
    fn begin() -> Adopting {
        let before = sys::is_subreaper().unwrap_or(true);
        let _ = sys::set_subreaper(true);
        Adopting { before }
    }
}

impl Drop for Adopting {
    fn drop(&mut self) {
        if !self.before {
            let _ = sys::set_subreaper(false);
        }
    }
}
