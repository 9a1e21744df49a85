//! `Command::die_with_parent`: what the child does between fork and exec, in `pdeathsig/src/sys/before_exec.rs`.
//!
//! It has the parent's handlers and mask then; after exec it has no handlers, but what was ignored or blocked is so
//! still (`flush_signal_handlers` in `kernel/signal.c`). What is pending and not blocked is taken before exec returns
//! to any program.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::arming::{NO_SURVIVOR, NO_WRONG_DEATH};
use crate::kernel::{Event, Family, Number};
use crate::report::Table;
use crate::signals::{Disposition, Fate, Signal};

const NO_START: &str = "the program does not start when the parent was gone before arming";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// Broken: only the parent knows its number for sure.
    Record,
    Reset,
    Unblock,
    Arm,
    Compare,
    Exec,
}

const PARENTS: &[(Disposition, bool)] = &[
    (Disposition::Default, false),
    (Disposition::Default, true),
    (Disposition::Handler, false),
    (Disposition::Handler, true),
    (Disposition::Ignored, false),
    (Disposition::Ignored, true),
];

const STEPS: &[Step] = &[Step::Reset, Step::Unblock, Step::Arm, Step::Compare, Step::Exec];

#[derive(Clone, Debug)]
struct BeforeExec {
    /// What the parent does about the signal, and whether it blocks it.
    parents: &'static [(Disposition, bool)],
    steps: &'static [Step],
    /// Broken if not: it trusts in the signal.
    exits: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    family: Family,
    done: usize,
    expected: Number,
    gone_before_arming: bool,
    gone_while_arming: bool,
    started: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Happens(Event),
    Does(Step),
    Takes,
}

impl BeforeExec {
    fn is_settled(&self, state: &State) -> bool {
        state.done == self.steps.len() && !state.family.child.is_about_to_take()
    }

    fn act(&self, state: &mut State, step: Step) {
        let parent = state.family.childs_parent();
        let child = &mut state.family.child;
        match step {
            Step::Record => state.expected = parent,
            Step::Reset => child.disposition = Disposition::Default,
            Step::Unblock => child.blocked = false,
            Step::Arm => {
                state.family.armed = true;
                state.gone_before_arming = state.family.parent_is_gone();
            }
            Step::Compare if parent != state.expected => {
                child.send();
                if child.is_about_to_take() {
                    child.take();
                }
                if child.lives() && self.exits {
                    child.fate = Fate::Exited;
                }
            }
            Step::Compare => {}
            Step::Exec => {
                child.exec();
                state.started = true;
            }
        }
    }
}

impl Model for BeforeExec {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut states = Vec::new();
        for signal in [Signal::Kill, Signal::Catchable, Signal::Harmless] {
            for (disposition, blocked) in self.parents {
                states.extend(Family::all(signal).into_iter().map(|mut family| {
                    family.child.disposition = *disposition;
                    family.child.blocked = *blocked;
                    let expected = family.parents_number();
                    let (gone_before_arming, gone_while_arming, started) = (false, false, false);
                    State { family, done: 0, expected, gone_before_arming, gone_while_arming, started }
                }));
            }
        }
        states
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let child = &state.family.child;
        if !child.lives() {
            return;
        }
        let mut events = Vec::new();
        state.family.events(&mut events);
        actions.extend(events.into_iter().map(Action::Happens));
        if child.is_about_to_take() {
            actions.push(Action::Takes);
        } else if let Some(step) = self.steps.get(state.done) {
            actions.push(Action::Does(*step));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Happens(event) => {
                state.family.happen(event);
                let now = state.family.parent_is_gone() && !last.family.parent_is_gone();
                state.gone_while_arming |= now && (1..self.steps.len()).contains(&state.done);
            }
            Action::Does(step) => {
                self.act(&mut state, step);
                state.done += 1;
            }
            Action::Takes => state.family.child.take(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<BeforeExec>> {
        vec![
            Property::always(NO_SURVIVOR, |model: &BeforeExec, state: &State| {
                let orphan = state.family.parent_is_gone() && state.family.child.lives();
                // Documented: a signal that is ignored by default.
                !(orphan && model.is_settled(state)) || state.family.child.signal == Signal::Harmless
            }),
            Property::always(NO_WRONG_DEATH, |_, state: &State| {
                state.family.child.lives() || state.family.spawner_has_ended()
            }),
            Property::always(NO_START, |_, state: &State| !(state.started && state.gone_before_arming)),
            Property::sometimes("the program runs, the parent lives", |model: &BeforeExec, state: &State| {
                model.is_settled(state) && state.family.child.lives() && !state.family.parent_is_gone()
            }),
            Property::sometimes("the program is killed", |_, state: &State| {
                state.started && state.family.child.fate == Fate::Killed
            }),
            Property::sometimes("the parent dies while the child arms", |_, state: &State| {
                state.gone_while_arming && !state.started && state.family.child.fate == Fate::Killed
            }),
            Property::sometimes("the child survives its own signal, and exits", |_, state: &State| {
                state.family.child.fate == Fate::Exited
            }),
        ]
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Happens(event) => return Display::fmt(event, f),
            Action::Does(Step::Record) => "the child records its parent",
            Action::Does(Step::Reset) => "the child gives up the handler",
            Action::Does(Step::Unblock) => "the child unblocks the signal",
            Action::Does(Step::Arm) => "the child arms",
            Action::Does(Step::Compare) => "the child compares",
            Action::Does(Step::Exec) => "the child executes the program",
            Action::Takes => "the child takes the signal",
        })
    }
}

#[test]
fn no_program_runs_without_its_parent_whatever_that_does_about_the_signal() {
    let mut table = Table::of("Command::die_with_parent");
    let with = |steps| BeforeExec { parents: PARENTS, steps, exits: true };
    table.holds("as it is", with(STEPS));
    let swapped = with(&[Step::Arm, Step::Unblock, Step::Reset, Step::Compare, Step::Exec]);
    table.holds("arms first: the comparison after all makes up for it", swapped);
    let no_reset = with(&[Step::Unblock, Step::Arm, Step::Compare, Step::Exec]);
    let handling = BeforeExec { parents: &[(Disposition::Handler, false)], ..no_reset };
    table.fails("does not give up the parent's handler", NO_SURVIVOR, handling);
    let ignoring = BeforeExec { parents: &[(Disposition::Ignored, false)], ..no_reset };
    table.fails("does not give up that the parent ignores it", NO_SURVIVOR, ignoring);
    let no_unblock = with(&[Step::Reset, Step::Arm, Step::Compare, Step::Exec]);
    table.fails("does not unblock what the parent blocks", NO_SURVIVOR, no_unblock);
    let no_compare = with(&[Step::Reset, Step::Unblock, Step::Arm, Step::Exec]);
    table.fails("does not compare", NO_SURVIVOR, no_compare);
    let early = with(&[Step::Reset, Step::Unblock, Step::Compare, Step::Arm, Step::Exec]);
    table.fails("compares before arming", NO_SURVIVOR, early);
    let recording = with(&[Step::Record, Step::Reset, Step::Unblock, Step::Arm, Step::Compare, Step::Exec]);
    table.fails("compares with what the child has recorded", NO_SURVIVOR, recording);
    let trusting = BeforeExec { exits: false, ..with(STEPS) };
    table.fails("relies on a signal that is ignored by default", NO_START, trusting);
}
