//! `Tether`, a spawn: the owner dies while a command is on its way to exec.
//!
//! Taken for granted: a child has a copy of the owner's descriptors until its exec, which closes them after it was certain to succeed; an
//! orphaned zombie may be reaped by whoever adopts it; a group without members, of which a zombie is one, cannot be joined. Its number may
//! be given to another; but not within the microseconds that a spawn has left when its owner dies, in which all other numbers would have to
//! be given away first. That this is taken for granted, and what comes of it if it is not so, is shown, too.

use stateright::{Model, Property};

use crate::check::{breaks, holds};

const NO_SURVIVOR: &str = "no program runs whose owner is gone";
const NO_STRANGER: &str = "nobody joins a stranger's group";
const NO_VICTIM: &str = "nobody dies whose owner lives";

#[derive(Clone, Copy, Debug)]
struct Spawn {
    /// The child has a copy of what holds the tether, until its exec.
    copies: bool,
    /// The child joins by itself, before its exec. Else the owner moves it, when it has been spawned.
    joins: bool,
    /// A zombie leads the group. Else its first member does, which may end and be reaped.
    anchored: bool,
    /// The group's number is given to another before the child joins, when the owner is dead, and the zombie reaped.
    recycles_at_once: bool,
}

const OURS: Spawn = Spawn { copies: true, joins: true, anchored: true, recycles_at_once: false };

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum At {
    Born,
    Joined,
    Runs,
    /// Or it could not join, or was killed on its way.
    Ended,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
struct State {
    owner_lives: bool,
    /// Whether the leader is there, dead or alive.
    led: bool,
    /// The group's number has been given to another.
    recycled: bool,
    at: At,
    in_group: bool,
    has_copy: bool,
    hung_up: bool,
    joined_a_stranger: bool,
    died_of_it: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    OwnerDies,
    LeaderIsReaped,
    NumberIsRecycled,
    ChildIsKilled,
    ChildJoins,
    ChildExecutes,
    OwnerMovesChild,
}

impl State {
    /// If that was the last copy, the group gets the signal.
    fn close_copies(&mut self) {
        if !self.owner_lives && !self.has_copy && !self.hung_up {
            self.hung_up = true;
            if self.in_group && self.at != At::Ended {
                self.at = At::Ended;
                self.died_of_it = true;
            }
        }
    }

    fn join(&mut self) {
        if self.recycled {
            self.joined_a_stranger = true;
        } else {
            self.in_group = true;
        }
    }
}

impl Model for Spawn {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            owner_lives: true,
            led: true,
            recycled: false,
            at: At::Born,
            in_group: false,
            has_copy: self.copies,
            hung_up: false,
            joined_a_stranger: false,
            died_of_it: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        if state.owner_lives {
            actions.push(Step::OwnerDies);
        }
        // The owner does not reap its anchor while the tether is whole.
        if state.led && !(self.anchored && state.owner_lives) {
            actions.push(Step::LeaderIsReaped);
        }
        let recycles = self.recycles_at_once || !self.anchored;
        if recycles && !state.led && !state.in_group && !state.recycled {
            actions.push(Step::NumberIsRecycled);
        }
        match state.at {
            At::Born => {
                actions.push(Step::ChildIsKilled);
                actions.push(if self.joins { Step::ChildJoins } else { Step::ChildExecutes });
            }
            At::Joined => actions.extend([Step::ChildIsKilled, Step::ChildExecutes]),
            At::Runs if !self.joins && state.owner_lives && !state.in_group => actions.push(Step::OwnerMovesChild),
            At::Runs | At::Ended => {}
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        match step {
            Step::OwnerDies => {
                state.owner_lives = false;
                state.close_copies();
            }
            Step::LeaderIsReaped => state.led = false,
            Step::NumberIsRecycled => state.recycled = true,
            Step::ChildIsKilled => {
                state.at = At::Ended;
                state.has_copy = false;
                state.close_copies();
            }
            Step::ChildJoins => {
                let is_there = state.led || state.recycled;
                state.at = if is_there { At::Joined } else { At::Ended };
                if is_there {
                    state.join();
                }
                state.has_copy &= is_there;
                state.close_copies();
            }
            Step::ChildExecutes => {
                state.at = At::Runs;
                state.has_copy = false;
                state.close_copies();
            }
            Step::OwnerMovesChild => state.join(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_SURVIVOR, |_, state| state.at != At::Runs || state.owner_lives),
            Property::<Self>::always(NO_STRANGER, |_, state| !state.joined_a_stranger || !state.owner_lives),
            Property::<Self>::always(NO_VICTIM, |_, state| !(state.died_of_it && state.owner_lives)),
            Property::<Self>::sometimes("the program runs with its owner", |_, state| state.at == At::Runs),
            Property::<Self>::sometimes("the hang-up is that of the child's exec", |_, state| {
                state.died_of_it && state.hung_up
            }),
            Property::<Self>::sometimes("the group is gone before it is joined, and nothing starts", |_, state| {
                state.at == At::Ended && !state.led && !state.in_group
            }),
        ]
    }
}

#[test]
fn tether_spawn() {
    holds("a tethered spawn", OURS);
    breaks("a tethered spawn, without a copy of what holds the tether", Spawn { copies: false, ..OURS }, NO_SURVIVOR);
    breaks("a spawn that is moved to the group afterwards", Spawn { joins: false, ..OURS }, NO_SURVIVOR);
    let at_once = Spawn { recycles_at_once: true, ..OURS };
    breaks("a tethered spawn, its group's number given to another while it is on its way", at_once, NO_SURVIVOR);
    breaks("a tethered spawn, without an anchor", Spawn { anchored: false, ..OURS }, NO_STRANGER);
}
