//! `Command::die_with_parent`: what a fork does before it executes the program.
//!
//! Taken for granted: what was said of the call; fork copies handlers and blocked signals; exec takes handlers away, and leaves what is
//! blocked or ignored (`flush_signal_handlers` in `kernel/signal.c`).

use stateright::{Model, Property};

use crate::check::{breaks, holds};

const NO_SURVIVOR: &str = "no program runs whose parent is gone";
const NO_VICTIM: &str = "nobody dies whose parent lives, but by the end of the thread that spawned it";

/// What a child does on its way, in this order.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Work {
    Reset,
    Unblock,
    Arm,
    Compare,
    Exec,
}

#[derive(Clone, Debug)]
struct Command(&'static [Work]);

const OURS: &[Work] = &[Work::Reset, Work::Unblock, Work::Arm, Work::Compare, Work::Exec];

/// What the signal does to the process that gets it.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Disposition {
    Ends,
    /// The parent's handler, which knows nothing of the child.
    Handled,
    Ignored,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
struct State {
    parent_lives: bool,
    spawner_lives: bool,
    disposition: Disposition,
    blocked: bool,
    pending: bool,
    armed: bool,
    /// How much of the work is done.
    done: usize,
    lives: bool,
    runs: bool,
}

impl State {
    fn send(&mut self) {
        match self.disposition {
            Disposition::Ignored => {}
            _ if self.blocked => self.pending = true,
            Disposition::Handled => {}
            Disposition::Ends => self.lives = false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    ParentDies,
    SpawnerEnds,
    Child(Work),
}

impl Model for Command {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let dispositions = [Disposition::Ends, Disposition::Handled, Disposition::Ignored];
        let start = |disposition, blocked| State {
            parent_lives: true,
            spawner_lives: true,
            disposition,
            blocked,
            pending: false,
            armed: false,
            done: 0,
            lives: true,
            runs: false,
        };
        dispositions.into_iter().flat_map(|one| [false, true].map(|blocked| start(one, blocked))).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        if state.parent_lives {
            actions.push(Step::ParentDies);
        }
        if state.parent_lives && state.spawner_lives {
            actions.push(Step::SpawnerEnds);
        }
        if state.lives {
            actions.extend(self.0.get(state.done).map(|work| Step::Child(*work)));
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        match step {
            Step::ParentDies | Step::SpawnerEnds => {
                if step == Step::ParentDies {
                    state.parent_lives = false;
                } else {
                    state.spawner_lives = false;
                }
                if state.armed {
                    state.send();
                }
            }
            Step::Child(work) => {
                state.done += 1;
                match work {
                    Work::Reset => state.disposition = Disposition::Ends,
                    Work::Unblock => {
                        state.blocked = false;
                        if state.pending {
                            state.pending = false;
                            state.send();
                        }
                    }
                    Work::Arm => state.armed = true,
                    // Should the signal do nothing, it exits.
                    Work::Compare => state.lives = state.parent_lives,
                    Work::Exec => {
                        state.runs = true;
                        if state.disposition == Disposition::Handled {
                            state.disposition = Disposition::Ends;
                        }
                    }
                }
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_SURVIVOR, |_, state| !(state.runs && state.lives && !state.parent_lives)),
            Property::<Self>::always(NO_VICTIM, |_, state| {
                state.lives || !state.parent_lives || (state.armed && !state.spawner_lives)
            }),
            Property::<Self>::sometimes("the parent dies between arming and exec", |_, state| {
                !state.parent_lives && state.armed && !state.runs
            }),
            Property::<Self>::sometimes("the program runs", |_, state| state.runs && state.lives),
            Property::<Self>::sometimes("the program dies with its parent", |_, state| {
                state.runs && !state.lives && !state.parent_lives
            }),
        ]
    }
}

#[test]
fn command_die_with_parent() {
    use Work::*;
    holds("Command::die_with_parent", Command(OURS));
    for (left_out, work) in [
        ("the reset", &[Unblock, Arm, Compare, Exec]),
        ("the unblocking", &[Reset, Arm, Compare, Exec]),
        ("the comparison", &[Reset, Unblock, Arm, Exec]),
    ] {
        breaks(&format!("Command::die_with_parent, without {left_out}"), Command(work), NO_SURVIVOR);
    }
    breaks(
        "Command::die_with_parent, comparing before it arms",
        Command(&[Reset, Unblock, Compare, Arm, Exec]),
        NO_SURVIVOR,
    );
    breaks(
        "Command::die_with_parent, with the reset after the comparison",
        Command(&[Unblock, Arm, Compare, Reset, Exec]),
        NO_SURVIVOR,
    );
}
