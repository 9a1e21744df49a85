//! Waiting for the parent process: how a watch is armed, armed again, and cancelled.
//!
//! Each watch has a thread, which sleeps until the parent or one of the processes of `watch_pid` has exited. What is
//! decided here and what that thread does then happen under one lock. So a change comes before the thread acts, or
//! after.

mod end;
mod watched;
mod watcher;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::platform::sys::{self, Helper, MainThread, PerProcess, PidSet};
use crate::{DieWithParent, Error, Parent, Signal};

use watched::Watched;
use watcher::Watch;

/// What to do when one of the watched processes has exited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) signal: Signal,
    pub(crate) grace: Option<Duration>,
    pub(crate) process_group: bool,
    pub(crate) descendants: bool,
}

/// What ending descendants needs. It is set aside when arming, since there may be no memory left later.
#[derive(Debug)]
struct Provisions {
    pids: PidSet,
    helper: Helper,
}

impl Provisions {
    fn new() -> Result<Provisions, Error> {
        let set_aside = || Ok(Provisions { pids: PidSet::new()?, helper: Helper::new()? });
        set_aside().map_err(|source: io::Error| Error::Os { call: "mmap(2)", source })
    }
}

type Slot = Mutex<Option<Arc<Watch>>>;

/// The watch that was armed last. It may have been cancelled, or be over.
static LAST: PerProcess<Slot> = PerProcess::new();

/// The calling thread.
struct Caller {
    process: u32,
    /// If it is the main thread.
    main: Option<MainThread>,
}

impl Caller {
    fn current() -> Result<Caller, Error> {
        match MainThread::current() {
            Ok(main) => Ok(Caller { process: main.process(), main: Some(main) }),
            Err(Error::NotMainThread { process, .. }) => Ok(Caller { process, main: None }),
            Err(error) => Err(error),
        }
    }

    /// Everything that may fail, but for the thread.
    fn prepare(&self, plan: Plan) -> Result<(), Error> {
        if plan.process_group {
            sys::lead_process_group(self.process)?;
        }
        match &self.main {
            // Last, so that the kernel's signal protects until then, if it was armed.
            Some(main) => main.set_parent_death_signal(None),
            // The setting of the main thread is out of reach here.
            None => Ok(()),
        }
    }
}

/// What is to be armed.
struct Request {
    watched: Watched,
    plan: Plan,
    provisions: Option<Provisions>,
}

impl Request {
    fn new(options: DieWithParent) -> Result<Request, Error> {
        let DieWithParent { signal, grace, process_group, descendants, expected_parent, .. } = options;
        let pids = options.pids.all().ok_or(Error::TooManyPids)?;
        let parent = match Parent::current() {
            Ok(parent) => Some(parent.id()).filter(|id| *id == expected_parent.unwrap_or(*id)),
            Err(Error::ParentGone) => None,
            Err(error) => return Err(error),
        };
        let provisions = if descendants { Some(Provisions::new()?) } else { None };
        let plan = Plan { signal, grace, process_group, descendants };
        Ok(Request { watched: Watched::new(parent, pids), plan, provisions })
    }
}

/// Has the plan carried out when a watched process has exited. If one has exited already, or the parent is another than
/// the expected one, returns when the signal has been sent.
pub(crate) fn arm(options: DieWithParent) -> Result<(), Error> {
    let caller = Caller::current()?;
    let mut request = Request::new(options)?;
    let watch = match reuse(&caller, &mut request)? {
        Some(watch) => watch,
        None => start(&caller, &mut request)?,
    };
    watch.wait_if_due();
    Ok(())
}

/// Gives the plan to the thread that sleeps already, if it waits for the same processes.
fn reuse(caller: &Caller, request: &mut Request) -> Result<Option<Arc<Watch>>, Error> {
    let slot = LAST.get_or_make(caller.process);
    let Some(watch) = running(&lock(slot)).filter(|watch| watch.sleeps_for(&request.watched)) else { return Ok(None) };
    caller.prepare(request.plan)?;
    // Another thread may have armed meanwhile, and this one may have woken.
    let last = lock(slot);
    let is_last = last.as_ref().is_some_and(|last| Arc::ptr_eq(last, &watch));
    let taken = is_last && watch.replace(request.plan, &mut request.provisions);
    Ok(taken.then_some(watch))
}

/// Starts a thread, and then puts it in the place of the one before. Until nothing can fail any more, that one stays
/// armed.
fn start(caller: &Caller, request: &mut Request) -> Result<Arc<Watch>, Error> {
    let new = Watch::start(caller.process, request.watched)?;
    if let Err(error) = caller.prepare(request.plan) {
        new.dismiss();
        return Err(error);
    }
    let mut last = lock(LAST.get_or_make(caller.process));
    let missed = running(&last).is_some_and(|before| before.cancel().is_err());
    new.begin(request.plan, request.provisions.take(), missed);
    *last = Some(new.clone());
    Ok(new)
}

/// A watched process has exited, and the signal for that was not sent yet.
#[derive(Debug)]
pub(crate) struct DeathMissed;

/// Cancels what was armed. The thread sleeps on until a watched process exits, and then does nothing.
pub(crate) fn cancel(main: &MainThread) -> Result<(), DeathMissed> {
    let Some(slot) = LAST.get(main.process()) else { return Ok(()) };
    match running(&lock(slot)) {
        Some(watch) => watch.cancel(),
        None => Ok(()),
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Arc<Watch>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last watch, if its thread exists. It does not in a fork that has the same number in another pid namespace.
fn running(last: &Option<Arc<Watch>>) -> Option<Arc<Watch>> {
    last.clone().filter(|watch| watch.has_thread())
}
