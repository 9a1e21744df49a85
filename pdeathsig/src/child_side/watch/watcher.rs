//! The thread that waits, and what it shares with the threads that arm and cancel.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::sys::{self, Pidfd, Thread};
use crate::Error;

use super::end::{self, Others};
use super::watched::{Identities, Watched};
use super::{DeathMissed, Plan, Provisions};

/// How long a new thread may take before it is looked for.
const START: Duration = Duration::from_millis(100);

/// How often the thread asks for the processes where it cannot wait for them.
const ASK: Duration = Duration::from_secs(1);

/// How long the first pause is between two looks at the others during a grace, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

#[derive(Debug)]
pub(super) struct Watch {
    watched: Watched,
    /// A fork copies the watch, but not its thread.
    process: u32,
    /// The thread's number. 0 until it runs.
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
    identities: Identities,
    /// A death is known, so the thread does not sleep.
    due: bool,
}

#[derive(Debug)]
enum Phase {
    /// The thread starts, and pins the processes.
    Starting,
    /// The thread could not pin them.
    Failed(Error),
    /// The thread waits for a plan.
    Ready,
    /// The thread sleeps until a process has exited.
    Watching,
    /// The signal was sent, and a grace may run.
    Acted { this_is_left: bool },
    /// The thread does nothing any more.
    Over,
}

impl Watch {
    /// Starts a thread that has pinned the processes and waits for a plan.
    pub(super) fn start(process: u32, watched: Watched) -> Result<Arc<Watch>, Error> {
        let state = State {
            phase: Phase::Starting,
            plan: None,
            provisions: None,
            identities: Identities::default(),
            due: false,
        };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let watch = Arc::new(Watch { watched, process, thread: AtomicU32::new(0), state, changed });
        let thread = Thread::spawn(&watch).map_err(Error::os("pthread_create(3)"))?;

        let mut state = watch.lock();
        while let Phase::Starting = state.phase {
            // Looked at under the lock: a thread that is gone does not report any more.
            if thread.is_gone() {
                let source = io::Error::new(
                    io::ErrorKind::Other,
                    "a sandbox killed the new thread for a system call: allow the calls that start a thread, close_range(2) and pidfd_open(2)",
                );
                return Err(Error::Os { call: "starting a thread", source });
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

    pub(super) fn has_thread(&self) -> bool {
        sys::thread_exists(self.process, self.thread.load(Ordering::Acquire))
    }

    /// Has a thread that was started wait with this plan. If a death was missed, it acts at once.
    pub(super) fn begin(&self, plan: Plan, provisions: Option<Provisions>, missed: bool) {
        let mut state = self.lock();
        state.phase = Phase::Watching;
        state.plan = Some(plan);
        state.provisions = provisions;
        state.due |= missed;
        self.changed.notify_all();
    }

    /// Has a thread that was started end.
    pub(super) fn dismiss(&self) {
        self.enter(Phase::Over);
    }

    /// Whether the thread waits for these processes, and none of them has exited.
    pub(super) fn sleeps_for(&self, watched: &Watched) -> bool {
        let state = self.lock();
        let sleeps = matches!(state.phase, Phase::Watching) && self.watched == *watched;
        sleeps && !self.is_due(&state)
    }

    /// Replaces the plan. False if the thread has acted already.
    pub(super) fn replace(&self, plan: Plan, provisions: &mut Option<Provisions>) -> bool {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Watching) {
            return false;
        }
        state.plan = Some(plan);
        state.provisions = provisions.take();
        true
    }

    /// When this returns, the thread does nothing any more, and what it did for the time of a grace is undone.
    pub(super) fn cancel(&self) -> Result<(), DeathMissed> {
        let mut state = self.lock();
        let missed = state.plan.is_some()
            && match state.phase {
                Phase::Watching => self.is_due(&state),
                Phase::Acted { this_is_left } => this_is_left,
                _ => false,
            };
        state.plan = None;
        self.changed.notify_all();
        drop(self.wait_while(state, |state| matches!(state.phase, Phase::Acted { .. })));
        if missed {
            Err(DeathMissed)
        } else {
            Ok(())
        }
    }

    /// If a process has exited by now, waits until the thread has sent the signal.
    pub(super) fn wait_if_due(&self) {
        let state = self.lock();
        if self.is_due(&state) {
            let acting = |state: &mut State| matches!(state.phase, Phase::Watching) && state.plan.is_some();
            drop(self.wait_while(state, acting));
        }
    }

    fn is_due(&self, state: &State) -> bool {
        state.due || self.watched.one_has_exited(&state.identities)
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

    fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
        self.changed.notify_all();
    }
}

/// What the thread does.
impl sys::Run for Watch {
    const NAME: &'static [u8; 16] = b"pdeathsig-watch\0";

    fn run(&self) {
        self.thread.store(sys::own_thread_id(), Ordering::Release);
        // In a table of its own, the descriptors are out of the program's reach. Where that is refused, they are in the
        // program's table.
        let own_table = sys::leave_descriptor_table().is_ok();
        let pinned = match self.watched.pin() {
            Ok(pinned) => pinned,
            Err(error) => return self.enter(Phase::Failed(error)),
        };
        let mut state = self.lock();
        state.identities = pinned.identities;
        state.due = pinned.one_has_exited;
        state.phase = Phase::Ready;
        self.changed.notify_all();
        let state = self.wait_while(state, |state| matches!(state.phase, Phase::Ready));
        let (over, due) = (matches!(state.phase, Phase::Over), state.due);
        drop(state);
        if over {
            return;
        }
        if !due {
            self.sleep_until_one_exits(&pinned.processes, own_table);
        }
        // Never closed: the program may have closed them and given their numbers to files of its own. A table of this
        // thread's own goes with the thread.
        mem::forget(pinned.processes);
        self.act();
    }
}

impl Watch {
    fn sleep_until_one_exits(&self, processes: &[Pidfd], own_table: bool) {
        loop {
            // In the program's table a number may come to stand for another file, which is never ready, or always.
            let deadline = if own_table { None } else { Some(Instant::now() + ASK) };
            let answer = sys::exited_by(processes, deadline);
            let (answered, exited) = (answer.is_ok(), answer.unwrap_or_default());
            if self.one_has_exited(exited, own_table && answered) {
                return;
            }
            if !answered || exited.contains(&true) {
                sys::nap(ASK);
            }
        }
    }

    fn one_has_exited(&self, exited: [bool; sys::MAX_WATCHED], reliable: bool) -> bool {
        let [parent_exited, others @ ..] = exited;
        let parent_is_gone = sys::parent_id().map_or(parent_exited, |id| Some(id) != self.watched.parent());
        let other_is_gone =
            if reliable { others.contains(&true) } else { self.watched.other_has_exited(&self.lock().identities) };
        parent_is_gone || other_is_gone
    }

    fn act(&self) {
        let mut state = self.lock();
        if let Some(plan) = state.plan {
            let asked = end::ask(plan, state.provisions.as_mut());
            state.phase = Phase::Acted { this_is_left: asked.this_is_left };
            self.changed.notify_all();
            if let Some(grace) = plan.grace {
                state = self.wait_out(grace, plan, state);
                if state.plan.is_some() {
                    end::kill(plan, state.provisions.as_mut());
                }
            }
            drop(asked);
        }
        state.phase = Phase::Over;
        self.changed.notify_all();
    }

    /// Waits until the grace is over, or cancelled. If this process has not got the signal yet, it gets it when no
    /// other is left.
    fn wait_out<'a>(&self, grace: Duration, plan: Plan, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let begin = Instant::now();
        let mut others = Others::of(plan);
        let mut pause = PAUSES.0;
        loop {
            let left = grace.saturating_sub(begin.elapsed());
            if left.is_zero() || state.plan.is_none() {
                return state;
            }
            if let Phase::Acted { this_is_left: true } = state.phase {
                if !others.are_left() {
                    end::ask_this_at_last(plan, state.provisions.as_mut());
                    state.phase = Phase::Acted { this_is_left: false };
                }
            }
            let this_is_left = matches!(state.phase, Phase::Acted { this_is_left: true });
            let wait = if this_is_left { left.min(pause) } else { left };
            pause = PAUSES.1.min(pause * 2);
            let waited = self.changed.wait_timeout_while(state, wait, |state| state.plan.is_some());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
