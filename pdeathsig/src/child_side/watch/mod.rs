//! The thread that waits for the parent process.
//!
//! Only the main thread arms and cancels. What it decides and what the thread does when the parent is gone, both do under one
//! lock: whatever is armed, replaced or cancelled is so before the parent's death is acted upon, or after.

mod end;

use std::cell::RefCell;
use std::io;
use std::mem::{self, ManuallyDrop};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::platform::sys::{self, Helper, MainThread, PidSet};
use crate::{DieWithParent, Error, Parent, Signal};

/// What is to be done when the parent is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) signal: Signal,
    pub(crate) grace: Option<Duration>,
    pub(crate) process_group: bool,
    pub(crate) descendants: bool,
}

thread_local! {
    /// The main thread's: what was armed last.
    static CURRENT: RefCell<Option<Arc<Watch>>> = const { RefCell::new(None) };
}

/// How often it is asked whether a thread that starts is there still.
const START: Duration = Duration::from_millis(100);

/// How often the thread asks for its parent where it cannot wait for it.
const ASK: Duration = Duration::from_secs(1);

/// How often it looks whether those that were asked to end have done so.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Debug)]
struct Watch {
    /// A fork copies all of this, but not the thread.
    process: u32,
    /// None if it is gone already.
    parent: Option<u32>,
    /// Of the thread; 0 until it runs.
    thread: AtomicU32,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// None when cancelled.
    plan: Option<Plan>,
    provisions: Option<Provisions>,
}

#[derive(Debug)]
enum Phase {
    Starting,
    /// The parent could not be pinned.
    Failed(Error),
    /// To be told whether to watch.
    Ready,
    Watching,
    /// The signal is sent; it may be that a grace runs.
    Acted,
    Over,
}

/// What is needed to end descendants, set aside before it is needed: by then there may be no memory to be had.
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

/// Has the plan carried out when the parent is gone. If it is gone already, or another than the expected one, returns when
/// the signal has been sent.
pub(crate) fn arm(options: DieWithParent) -> Result<(), Error> {
    let main = &MainThread::current()?;
    let DieWithParent { signal, grace, process_group, descendants, expected_parent, .. } = options;
    let plan = Plan { signal, grace, process_group, descendants };
    let parent = match Parent::current() {
        Ok(parent) => Some(parent.id()).filter(|id| *id == expected_parent.unwrap_or(*id)),
        Err(Error::ParentGone) => None,
        Err(error) => return Err(error),
    };
    let mut provisions = if plan.descendants { Some(Provisions::new()?) } else { None };

    // 1. A thread, if there is none for this parent. 2. What else may fail. 3. The plan, before which nothing is armed but
    // what was, and after which nothing fails.
    let before = current(main);
    let asleep = before.as_ref().filter(|watch| parent.is_some() && watch.parent == parent && watch.is_asleep());
    let new = if asleep.is_none() { Some(Watch::start(main, parent)?) } else { None };
    if let Err(error) = prepare(main, plan) {
        if let Some(new) = new {
            new.decide(None, &mut None);
        }
        return Err(error);
    }
    let watch = match asleep.filter(|watch| watch.decide(Some(plan), &mut provisions)) {
        Some(watch) => watch.clone(),
        None => {
            // It may have been woken in the meantime.
            let new = new.map_or_else(|| Watch::start(main, parent), Ok)?;
            if let Some(before) = &before {
                before.cancel();
            }
            new.decide(Some(plan), &mut provisions);
            new
        }
    };
    set_current(&watch);

    let gone = parent.is_none() || sys::parent_id().is_ok_and(|id| Some(id) != parent);
    if gone {
        let acting = |state: &mut State| matches!(state.phase, Phase::Watching) && state.plan.is_some();
        drop(watch.wait_while(watch.lock(), acting));
    }
    Ok(())
}

fn prepare(main: &MainThread, plan: Plan) -> Result<(), Error> {
    if plan.process_group {
        main.lead_process_group()?;
    }
    // The last that may fail, so that until then the kernel's signal protects, if it was armed.
    main.set_parent_death_signal(None)
}

/// Has nothing carried out. A thread that sleeps until the parent is gone goes on sleeping, and then does nothing.
pub(crate) fn cancel(main: &MainThread) {
    if let Some(watch) = current(main) {
        watch.cancel();
    }
}

fn current(main: &MainThread) -> Option<Arc<Watch>> {
    // None, too, in the last moments of the main thread.
    let current = CURRENT.try_with(|current| current.borrow().clone()).ok().flatten();
    // A fork in another pid namespace may have the same number.
    let runs = |watch: &Arc<Watch>| sys::thread_exists(watch.process, watch.thread.load(Ordering::Acquire));
    current.filter(|watch| watch.process == main.process()).filter(runs)
}

fn set_current(watch: &Arc<Watch>) {
    let _ = CURRENT.try_with(|current| current.replace(Some(watch.clone())));
}

impl Watch {
    /// A thread that has pinned the parent and is to be told whether to watch.
    fn start(main: &MainThread, parent: Option<u32>) -> Result<Arc<Watch>, Error> {
        let state = State { phase: Phase::Starting, plan: None, provisions: None };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let watch = Arc::new(Watch { process: main.process(), parent, thread: AtomicU32::new(0), state, changed });
        sys::spawn(&watch).map_err(|source| Error::Os { call: "pthread_create(3)", source })?;

        let mut state = watch.lock();
        while let Phase::Starting = state.phase {
            let thread = watch.thread.load(Ordering::Acquire);
            // Looked at under the lock: a thread that is not there will not report any more.
            if thread != 0 && !sys::thread_exists(watch.process, thread) {
                let source =
                    io::Error::new(io::ErrorKind::Other, "a sandbox ended the thread for a system call it made");
                return Err(Error::Os { call: "watching the parent", source });
            }
            let waited = watch.changed.wait_timeout(state, START);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match mem::replace(&mut state.phase, Phase::Over) {
            Phase::Failed(error) => return Err(error),
            phase => state.phase = phase,
        }
        drop(state);
        Ok(watch)
    }

    /// Whether it is not too late.
    fn decide(&self, plan: Option<Plan>, provisions: &mut Option<Provisions>) -> bool {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Ready | Phase::Watching) {
            return false;
        }
        state.phase = if plan.is_some() { Phase::Watching } else { Phase::Over };
        state.plan = plan;
        state.provisions = provisions.take();
        self.changed.notify_all();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, condition).unwrap_or_else(PoisonError::into_inner)
    }

    fn is_asleep(&self) -> bool {
        matches!(self.lock().phase, Phase::Watching)
    }

    /// When this returns, nothing is done any more, and what was done for as long as a grace runs is undone.
    fn cancel(&self) {
        let mut state = self.lock();
        state.plan = None;
        self.changed.notify_all();
        drop(self.wait_while(state, |state| matches!(state.phase, Phase::Acted)));
    }

    fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
        self.changed.notify_all();
    }

    fn sleep_until_gone(&self, parent: &Parent, own_table: bool) {
        loop {
            // In the program's table the number may come to stand for another file, one that is never ready, or always.
            let gone = if own_table { parent.wait().map(|()| true) } else { parent.wait_timeout(ASK) };
            let is_parent = sys::parent_id().map_or(!matches!(gone, Ok(true)), |id| id == parent.id());
            if !is_parent {
                return;
            }
            if !matches!(gone, Ok(false)) {
                thread::sleep(ASK);
            }
        }
    }

    fn act(&self) {
        let mut state = self.lock();
        if let Some(plan) = state.plan {
            let asked = end::ask(plan, state.provisions.as_mut());
            state.phase = Phase::Acted;
            self.changed.notify_all();
            if let Some(grace) = plan.grace {
                state = self.wait_for_the_end_of(grace, plan, asked.not_this, state);
                if state.plan.is_some() {
                    end::kill(plan, state.provisions.as_mut());
                }
            }
            drop(asked);
        }
        state.phase = Phase::Over;
        self.changed.notify_all();
    }

    /// Waits for the end of the grace, or until it is cancelled. If this process has not been asked yet, it is when no other is
    /// left.
    fn wait_for_the_end_of<'a>(
        &self,
        grace: Duration,
        plan: Plan,
        mut not_this: bool,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        let begin = Instant::now();
        loop {
            if not_this && !end::others_are_left(plan) {
                end::ask_this_at_last(plan, state.provisions.as_mut());
                not_this = false;
            }
            let left = grace.saturating_sub(begin.elapsed());
            if left.is_zero() || state.plan.is_none() {
                return state;
            }
            let pause = if not_this { left.min(LOOK) } else { left };
            let waited = self.changed.wait_timeout_while(state, pause, |state| state.plan.is_some());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl sys::Run for Watch {
    const NAME: &'static [u8; 16] = b"pdeathsig-watch\0";

    fn run(&self) {
        // With a table of its own, nothing that the program does to its descriptors can reach this one. Where that is
        // refused, it stands among the program's.
        self.thread.store(sys::own_thread_id(), Ordering::Release);
        let own_table = sys::leave_descriptor_table().is_ok();
        let pinned = match self.parent.map(|_| Parent::current()) {
            Some(Ok(parent)) => Some(parent).filter(|parent| Some(parent.id()) == self.parent),
            Some(Err(Error::ParentGone)) | None => None,
            Some(Err(error)) => return self.enter(Phase::Failed(error)),
        };
        self.enter(Phase::Ready);
        let state = self.wait_while(self.lock(), |state| matches!(state.phase, Phase::Ready));
        if let Phase::Over = state.phase {
            return;
        }
        drop(state);
        if let Some(parent) = pinned {
            // Never closed: by then the program may have closed it, and given its number to a file of its own. A table of
            // this thread's own goes with the thread.
            self.sleep_until_gone(&ManuallyDrop::new(parent), own_table);
        }
        self.act();
    }
}
