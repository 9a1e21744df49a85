//! `die_with_parent` and `expected_parent`: the kernel's parent-death signal.
//!
//! Taken for granted: when a process ends, its children get their parent-death signal and another parent in one step
//! (`forget_original_parent` in `kernel/exit.c`, under `tasklist_lock`); when only a thread ends, its children get the signal and another
//! thread of the same process as their parent. Who adopts was there before the parent ended, so it never has the parent's number.

use stateright::{Model, Property};

use crate::check::{breaks, holds};

type Pid = u8;

/// The parent's number, as a rule.
const PARENT: Pid = 10;
const INIT: Pid = 1;
const SUBREAPER: Pid = 5;

const NO_SURVIVOR: &str = "nobody survives but as is documented";
const NO_VICTIM: &str = "nobody dies whose parent lives, but by the end of the thread that spawned it";

/// How a child finds out that it came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// As we do.
    Compare,
    None,
    /// `getppid() == 1`
    IsInit,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    check: Check,
    /// The parent has told its number.
    expected: bool,
}

const OURS: Call = Call { check: Check::Compare, expected: false };

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum At {
    /// Between fork and the first line of `main`.
    Start,
    Recorded,
    Armed,
    Done,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
struct State {
    /// The parent's number, and that of whoever adopts.
    parent: Pid,
    adopter: Pid,
    parent_lives: bool,
    spawner_lives: bool,
    at: At,
    recorded: Pid,
    armed: bool,
    lives: bool,
    /// How far the child had come when its parent ended.
    orphaned_at: Option<At>,
}

impl State {
    fn getppid(&self) -> Pid {
        if self.parent_lives {
            self.parent
        } else {
            self.adopter
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    ParentDies,
    SpawnerEnds,
    ChildRecords,
    ChildArms,
    ChildCompares,
}

impl Model for Call {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        // The last is a container, whose first process is the parent.
        [(PARENT, INIT), (PARENT, SUBREAPER), (INIT, SUBREAPER)]
            .map(|(parent, adopter)| State {
                parent,
                adopter,
                parent_lives: true,
                spawner_lives: true,
                at: At::Start,
                recorded: 0,
                armed: false,
                lives: true,
                orphaned_at: None,
            })
            .into()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        // With its first process, the whole of a container ends.
        if state.parent_lives && state.parent != INIT {
            actions.push(Step::ParentDies);
        }
        if state.parent_lives && state.spawner_lives {
            actions.push(Step::SpawnerEnds);
        }
        if state.lives {
            match state.at {
                At::Start => actions.push(Step::ChildRecords),
                At::Recorded => actions.push(Step::ChildArms),
                At::Armed => actions.push(Step::ChildCompares),
                At::Done => {}
            }
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        match step {
            Step::ParentDies => {
                state.parent_lives = false;
                state.lives &= !state.armed;
                state.orphaned_at = Some(state.at);
            }
            Step::SpawnerEnds => {
                state.spawner_lives = false;
                state.lives &= !state.armed;
            }
            Step::ChildRecords => {
                state.recorded = state.getppid();
                state.at = At::Recorded;
            }
            Step::ChildArms => {
                state.armed = true;
                state.at = At::Armed;
            }
            Step::ChildCompares => {
                state.at = At::Done;
                let parent = state.getppid();
                state.lives = match self.check {
                    Check::None => true,
                    Check::IsInit => parent != INIT,
                    Check::Compare => parent == state.recorded && (!self.expected || parent == state.parent),
                };
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_SURVIVOR, |model, state| {
                let survives = !state.parent_lives && state.lives && state.at == At::Done;
                // It was dead before the child recorded it, and the child was not told its number.
                let documented = !model.expected && state.orphaned_at == Some(At::Start);
                !survives || documented
            }),
            Property::<Self>::always(NO_VICTIM, |_, state| {
                state.lives || !state.parent_lives || (state.armed && !state.spawner_lives)
            }),
            Property::<Self>::sometimes("the parent dies before it is recorded", |_, state| {
                state.orphaned_at == Some(At::Start)
            }),
            Property::<Self>::sometimes("the parent dies while the child arms", |_, state| {
                state.orphaned_at == Some(At::Armed)
            }),
            Property::<Self>::sometimes("the parent dies later", |_, state| state.orphaned_at == Some(At::Done)),
            Property::<Self>::sometimes("a child lives with its parent", |_, state| {
                state.at == At::Done && state.parent_lives
            }),
        ]
    }
}

#[test]
fn die_with_parent() {
    holds("die_with_parent", OURS);
    breaks("die_with_parent, without a comparison", Call { check: Check::None, ..OURS }, NO_SURVIVOR);
    let is_init = Call { check: Check::IsInit, ..OURS };
    breaks("die_with_parent, asking whether getppid() is 1", is_init, NO_SURVIVOR);
    breaks("die_with_parent, asking whether getppid() is 1", is_init, NO_VICTIM);
}

#[test]
fn expected_parent() {
    let expected = Call { expected: true, ..OURS };
    holds("expected_parent", expected);
    breaks("expected_parent, without a comparison", Call { check: Check::None, ..expected }, NO_SURVIVOR);
}
