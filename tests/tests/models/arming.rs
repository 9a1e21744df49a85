//! The child arms the kernel's signal by itself: what `arm_kernel` and `compare` do in
//! `pdeathsig/src/child_side/arm.rs`.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::kernel::{Event, Family, Number, INIT};
use crate::report::Table;
use crate::signals::{Disposition, Signal};

pub(crate) const NO_SURVIVOR: &str = "no survivor unless documented";
pub(crate) const NO_WRONG_DEATH: &str = "no process dies that should live";

/// The process whose absence means that the parent has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    WithRecorded,
    WithExpected,
    /// Broken: of no process.
    Not,
    /// Broken: an orphan is a process whose parent has pid 1.
    WithOne,
    /// Broken: of any process with the expected number.
    WhetherExpectedIsInUse,
}

#[derive(Clone, Debug)]
pub(crate) struct Arming {
    pub(crate) compare: Compare,
    pub(crate) steps: [Step; 3],
    /// Broken: another thread of the child arms, which may end.
    pub(crate) on_worker: bool,
    /// An assumption is dropped.
    pub(crate) adopter_may_get_number: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Record,
    Arm,
    Compare,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    family: Family,
    done: usize,
    recorded: Option<Number>,
    worker_lives: bool,
    gone_before_record: bool,
    gone_while_arming: bool,
    sent_to_itself: bool,
    sent_by_kernel: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    Happens(Event),
    Does(Step),
    Takes,
    WorkerEnds,
}

impl Arming {
    pub(crate) const fn new(compare: Compare) -> Arming {
        let steps = [Step::Record, Step::Arm, Step::Compare];
        Arming { compare, steps, on_worker: false, adopter_may_get_number: false }
    }

    fn takes_parent_for_dead(&self, state: &State) -> bool {
        let parent = state.family.childs_parent();
        match self.compare {
            Compare::WithRecorded => state.recorded != Some(parent),
            Compare::WithExpected => state.recorded != Some(parent) || parent != state.family.parents_number(),
            Compare::Not => false,
            Compare::WithOne => parent == INIT,
            Compare::WhetherExpectedIsInUse => !state.family.number_is_in_use(),
        }
    }

    /// Nothing is left that the child would do, or that is on its way to it.
    fn is_settled(&self, state: &State) -> bool {
        state.done == self.steps.len() && !state.family.child.is_about_to_take()
    }

    /// With the expected one nothing goes unseen.
    fn no_survivor(&self, state: &State) -> bool {
        let told = matches!(self.compare, Compare::WithExpected | Compare::WhetherExpectedIsInUse);
        let documented = !told && state.gone_before_record;
        !(self.is_settled(state) && state.family.parent_is_gone() && !state.family.child.has_had_the_signal())
            || documented
    }
}

impl Model for Arming {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let state = |family| State {
            family,
            done: 0,
            recorded: None,
            worker_lives: self.on_worker,
            gone_before_record: false,
            gone_while_arming: false,
            sent_to_itself: false,
            sent_by_kernel: false,
        };
        let with_handler = |mut family: Family| {
            family.child.disposition = Disposition::Handler;
            family
        };
        let handling = Family::all(Signal::Catchable).into_iter().map(with_handler);
        Family::all(Signal::Kill).into_iter().chain(handling).map(state).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let child = &state.family.child;
        if !child.lives() {
            return;
        }
        let mut events = Vec::new();
        state.family.events(&mut events);
        if self.adopter_may_get_number && events.contains(&Event::UnrelatedGetsNumber) {
            events.push(Event::AdopterGetsNumber);
        }
        actions.extend(events.into_iter().map(Action::Happens));
        if child.is_about_to_take() {
            actions.push(Action::Takes);
        } else if let Some(step) = self.steps.get(state.done) {
            actions.push(Action::Does(*step));
        } else if state.worker_lives {
            actions.push(Action::WorkerEnds);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Happens(event) => {
                state.family.happen(event);
                let now = state.family.parent_is_gone() && !last.family.parent_is_gone();
                state.gone_while_arming |= now && (1..self.steps.len()).contains(&state.done);
                state.sent_by_kernel |= state.family.child.is_about_to_take() && !last.family.child.is_about_to_take();
            }
            Action::Does(Step::Record) => {
                state.recorded = Some(state.family.childs_parent());
                state.gone_before_record = state.family.parent_is_gone();
            }
            Action::Does(Step::Arm) => state.family.armed = true,
            Action::Does(Step::Compare) if self.takes_parent_for_dead(&state) => {
                state.family.child.send();
                state.sent_to_itself = true;
            }
            Action::Does(Step::Compare) => {}
            Action::Takes => state.family.child.take(),
            Action::WorkerEnds => {
                state.worker_lives = false;
                state.family.armed = false;
            }
        }
        if let Action::Does(_) = action {
            state.done += 1;
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Arming>> {
        let mut properties = vec![
            Property::always(NO_SURVIVOR, Arming::no_survivor),
            Property::always(NO_WRONG_DEATH, |_, state: &State| {
                // Documented: the signal comes when only the spawning thread ends, which it has if the process has.
                !state.family.child.has_had_the_signal() || state.family.spawner_has_ended()
            }),
            Property::sometimes("the child is armed and its parent lives", |model: &Arming, state: &State| {
                model.is_settled(state) && !state.family.child.has_had_the_signal() && !state.family.parent_is_gone()
            }),
            Property::sometimes("the kernel sends the signal", |_, state: &State| {
                !state.family.child.lives() && state.sent_by_kernel && !state.sent_to_itself
            }),
            Property::sometimes("the child sends it to itself", |_, state: &State| {
                !state.family.child.lives() && state.sent_to_itself && !state.sent_by_kernel
            }),
            Property::sometimes("both send it, and a handler runs twice", |_, state: &State| {
                state.family.child.handled == 2 && state.sent_to_itself && state.gone_while_arming
            }),
            Property::sometimes("the parent dies while the child arms", |_, state: &State| state.gone_while_arming),
            Property::sometimes("only the spawning thread ends, and the child dies", |_, state: &State| {
                !state.family.child.lives() && !state.family.parent_is_gone()
            }),
        ];
        if self.compare == Compare::WithRecorded {
            // What is documented is so.
            properties.push(Property::sometimes(
                "a parent that is not seen to die is survived",
                |model: &Arming, state: &State| {
                    model.is_settled(state) && !state.family.child.has_had_the_signal() && state.gone_before_record
                },
            ));
        }
        properties
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::Happens(event) => Display::fmt(event, f),
            Action::Does(Step::Record) => f.write_str("the child records its parent"),
            Action::Does(Step::Arm) => f.write_str("the child arms"),
            Action::Does(Step::Compare) => f.write_str("the child compares"),
            Action::Takes => f.write_str("the child takes the signal"),
            Action::WorkerEnds => f.write_str("the thread of the child that armed ends"),
        }
    }
}

#[test]
fn a_parent_that_dies_after_it_was_recorded_is_not_survived() {
    let mut table = Table::of("die_with_parent");
    let model = Arming::new(Compare::WithRecorded);
    table.holds("as it is", model.clone());
    table.fails("does not compare after arming", NO_SURVIVOR, Arming::new(Compare::Not));
    let steps = [Step::Record, Step::Compare, Step::Arm];
    table.fails("compares before arming", NO_SURVIVOR, Arming { steps, ..model });
    table.fails("asks whether its parent is pid 1: a subreaper", NO_SURVIVOR, Arming::new(Compare::WithOne));
    table.fails("asks whether its parent is pid 1: a container", NO_WRONG_DEATH, Arming::new(Compare::WithOne));
    table.fails("arms on another thread than the main one", NO_SURVIVOR, Arming { on_worker: true, ..model });
}

/// The comparison is of numbers, and the number of a dead parent is given away again: to an unrelated process, which
/// does not matter, since no code asks for that. To the process that adopts the child it cannot go. That one is an
/// ancestor of the child, and a process that becomes an ancestor by adopting was one before; so it was there before the
/// parent was, which it had as a descendant, and two processes that are there at one time have two numbers. (Other than
/// by adopting, no process gets a parent. Across pid namespaces the number that is told has another meaning, and
/// `getppid` is 0, before and after; this is documented.) The model takes this for granted, and shows that it is
/// needed.
#[test]
fn the_child_dies_whenever_the_parent_dies() {
    let mut table = Table::of("expected_parent");
    let model = Arming::new(Compare::WithExpected);
    table.holds("as it is", model.clone());
    let adopter = Arming { adopter_may_get_number: true, ..model };
    table.fails("if the adopter could have the parent's number", NO_SURVIVOR, adopter);
    let in_use = Arming::new(Compare::WhetherExpectedIsInUse);
    table.fails("asks whether the expected number is in use", NO_SURVIVOR, in_use);
}
