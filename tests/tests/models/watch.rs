//! `watch`: what `Parent::current` does in `pdeathsig/src/child_side/parent.rs`, on the main thread and again on the
//! thread that is to wait, and the order of both in `start` in `pdeathsig/src/child_side/watch/mod.rs` and in
//! `watcher.rs` beside it. An arming thread that is not the main one does the same, but does not disarm: the kernel's
//! signal then is the main thread's, and is asked for.
//!
//! The main thread asks for its parent's pid, pins that, and asks again. It starts the thread, which does the same and
//! must have found the same parent; else that has died, and there is nothing to wait for. Then the kernel's signal, of
//! which an earlier call may have armed one, is disarmed, and only then the thread is told to watch. A descriptor of a
//! process is ready when all of its threads have ended (`do_notify_pidfd` in `kernel/signal.c`), which is after its
//! children got another parent.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::arming::{NO_SURVIVOR, NO_WRONG_DEATH};
use crate::kernel::{Event, Family, Number, Pinned};
use crate::report::Table;
use crate::signals::Signal;

#[derive(Clone, Debug)]
struct Watch {
    /// The parent has told its number.
    expects: bool,
    /// Broken if not: a number is pinned that may be another's by then.
    asks_again: bool,
    /// Broken if not: the thread waits for any process that it has pinned.
    must_have_found_the_same: bool,
    /// Broken if not: what an earlier call has armed stays.
    disarms: bool,
}

const AS_IT_IS: Watch = Watch { expects: false, asks_again: true, must_have_found_the_same: true, disarms: true };

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Main {
    Asks,
    AsksAgain,
    Starts,
    Disarms,
    Decides,
    AsksWhetherGone,
    /// Until the signal is sent.
    Waits,
    Runs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Thread {
    Absent,
    Asks,
    Pins,
    AsksAgain,
    Ready,
    Sleeps,
    AsksWhetherGone,
    Sends,
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    family: Family,
    armed_before: bool,
    main: Main,
    thread: Thread,
    /// What the main thread has found; none if that is gone.
    recorded: Option<Number>,
    found: Option<Number>,
    pinned: Option<Pinned>,
    gone_before_record: bool,
    gone_while_arming: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Happens(Event),
    Main(Main),
    Thread(Thread),
    Takes,
}

impl Watch {
    fn is_settled(&self, state: &State) -> bool {
        let mut steps = Vec::new();
        self.steps(state, &mut steps);
        steps.is_empty()
    }

    fn steps(&self, state: &State, steps: &mut Vec<Action>) {
        if state.family.child.is_about_to_take() {
            steps.push(Action::Takes);
            return;
        }
        let may_go_on = match state.main {
            Main::Disarms => state.thread == Thread::Ready,
            Main::Waits => state.thread == Thread::Over,
            Main::Runs => false,
            _ => true,
        };
        if may_go_on {
            steps.push(Action::Main(state.main));
        }
        let may_go_on = match state.thread {
            Thread::Absent | Thread::Over | Thread::Ready => false,
            Thread::Sleeps => state.pinned.is_some_and(|pinned| state.family.is_gone(pinned)),
            _ => true,
        };
        if may_go_on {
            steps.push(Action::Thread(state.thread));
        }
    }

    fn main_does(&self, state: &mut State) {
        let parent = Some(state.family.childs_parent());
        state.main = match state.main {
            Main::Asks => {
                state.recorded = parent;
                state.gone_before_record = state.family.parent_is_gone();
                if self.asks_again {
                    Main::AsksAgain
                } else {
                    Main::Starts
                }
            }
            // What it has pinned in between is of no use to it.
            Main::AsksAgain => {
                let expected = !self.expects || parent == Some(state.family.parents_number());
                state.recorded = state.recorded.filter(|_| state.recorded == parent && expected);
                Main::Starts
            }
            Main::Starts => {
                state.thread = if state.recorded.is_some() { Thread::Asks } else { Thread::Ready };
                Main::Disarms
            }
            Main::Disarms => {
                state.family.armed &= !self.disarms;
                Main::Decides
            }
            Main::Decides => {
                state.thread = if state.pinned.is_some() { Thread::Sleeps } else { Thread::Sends };
                Main::AsksWhetherGone
            }
            Main::AsksWhetherGone if state.recorded.is_none() || state.recorded != parent => Main::Waits,
            Main::AsksWhetherGone | Main::Waits | Main::Runs => Main::Runs,
        };
    }

    fn thread_does(&self, state: &mut State) {
        let parent = Some(state.family.childs_parent());
        state.thread = match state.thread {
            Thread::Asks => {
                state.found = parent;
                Thread::Pins
            }
            Thread::Pins => {
                state.pinned = state.found.and_then(|number| state.family.pidfd_open(number));
                if !self.asks_again {
                    self.keep_if_the_same(state);
                    Thread::Ready
                } else {
                    Thread::AsksAgain
                }
            }
            Thread::AsksAgain => {
                state.pinned = state.pinned.filter(|_| state.found == parent);
                self.keep_if_the_same(state);
                Thread::Ready
            }
            Thread::Sleeps => Thread::AsksWhetherGone,
            Thread::AsksWhetherGone if state.found == parent => Thread::Sleeps,
            Thread::AsksWhetherGone => Thread::Sends,
            Thread::Sends => {
                state.family.child.send();
                Thread::Over
            }
            other => other,
        };
    }

    fn keep_if_the_same(&self, state: &mut State) {
        let same = state.found == state.recorded || !self.must_have_found_the_same;
        state.pinned = state.pinned.filter(|_| same);
    }
}

impl Model for Watch {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for armed_before in [false, true] {
            for mut family in Family::all(Signal::Kill) {
                family.armed = armed_before;
                states.push(State {
                    family,
                    armed_before,
                    main: Main::Asks,
                    thread: Thread::Absent,
                    recorded: None,
                    found: None,
                    pinned: None,
                    gone_before_record: false,
                    gone_while_arming: false,
                });
            }
        }
        states
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.family.child.lives() {
            let mut events = Vec::new();
            state.family.events(&mut events);
            actions.extend(events.into_iter().map(Action::Happens));
            self.steps(state, actions);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Happens(event) => {
                state.family.happen(event);
                let now = state.family.parent_is_gone() && !last.family.parent_is_gone();
                state.gone_while_arming |= now && !matches!(state.main, Main::Asks | Main::Runs);
            }
            Action::Main(_) => self.main_does(&mut state),
            Action::Thread(_) => self.thread_does(&mut state),
            Action::Takes => state.family.child.take(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Watch>> {
        let mut properties = vec![
            Property::always(NO_SURVIVOR, |model: &Watch, state: &State| {
                let orphan = state.family.parent_is_gone() && state.family.child.lives();
                !(orphan && model.is_settled(state)) || state.gone_before_record && !model.expects
            }),
            Property::always(NO_WRONG_DEATH, |_, state: &State| {
                // What was armed before is until the watch is ready.
                let not_yet = matches!(state.main, Main::Asks | Main::AsksAgain | Main::Starts | Main::Disarms);
                let armed_still = state.armed_before && not_yet;
                state.family.child.lives() || state.family.parent_is_gone() || armed_still
            }),
            Property::sometimes("the spawning thread ends, and the child is none the worse", |model, state: &State| {
                let alone = state.family.spawner_has_ended() && !state.family.parent_is_gone();
                alone && state.main == Main::Runs && Watch::is_settled(model, state)
            }),
            Property::sometimes("the thread sends the signal", |_, state: &State| {
                !state.family.child.lives() && state.thread == Thread::Over && state.main == Main::Runs
            }),
            Property::sometimes("the parent dies while the child arms", |_, state: &State| {
                state.gone_while_arming && !state.family.child.lives()
            }),
            Property::sometimes("an unrelated process is pinned, and let go", |_, state: &State| {
                state.thread == Thread::AsksAgain && state.pinned == Some(Pinned::Unrelated)
            }),
        ];
        if !self.expects {
            properties.push(Property::sometimes(
                "a parent that is not seen to die is survived",
                |model, state: &State| {
                    let orphan = state.family.parent_is_gone() && state.family.child.lives();
                    orphan && Watch::is_settled(model, state) && state.gone_before_record
                },
            ));
        }
        properties
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Happens(event) => return Display::fmt(event, f),
            Action::Main(Main::Asks) => "the child asks for its parent's pid",
            Action::Main(Main::AsksAgain) => "the child pins that, and asks again",
            Action::Main(Main::Starts) => "the child starts a thread",
            Action::Main(Main::Disarms) => "the child disarms what was armed before, the thread being ready",
            Action::Main(Main::Decides) => "the child has the thread watch",
            Action::Main(Main::AsksWhetherGone) => "the child asks whether its parent is the same",
            Action::Main(Main::Waits | Main::Runs) => "the child goes on",
            Action::Thread(Thread::Asks) => "the thread asks for the parent's pid",
            Action::Thread(Thread::Pins) => "the thread pins that number",
            Action::Thread(Thread::AsksAgain) => "the thread asks again",
            Action::Thread(Thread::Sleeps) => "the thread wakes, since the process that it has pinned is gone",
            Action::Thread(Thread::AsksWhetherGone) => "the thread asks whether its parent is the same",
            Action::Thread(Thread::Sends) => "the thread sends the signal",
            Action::Thread(_) => "the thread goes on",
            Action::Takes => "the child takes the signal",
        })
    }
}

#[test]
fn the_child_dies_with_the_parent_process_and_not_with_its_thread() {
    let mut table = Table::of("watch");
    table.holds("as it is", AS_IT_IS);
    table.holds("with expected_parent: nothing goes unseen", Watch { expects: true, ..AS_IT_IS });
    let asks_once = Watch { asks_again: false, ..AS_IT_IS };
    table.fails("pins without asking again: a number given away", NO_SURVIVOR, asks_once);
    let any = Watch { must_have_found_the_same: false, ..AS_IT_IS };
    table.fails("the thread may have pinned another than was recorded", NO_SURVIVOR, any);
    let both = Watch { disarms: false, ..AS_IT_IS };
    table.fails("leaves armed what an earlier call has armed", NO_WRONG_DEATH, both);
}
