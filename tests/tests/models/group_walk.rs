//! A signal for a process group, whose members fork meanwhile, or leave. `tether_hang_up.rs` says what it is taken
//! from.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::arming::NO_WRONG_DEATH;

pub(crate) const NO_PROCESS_LEFT: &str = "no process is left";
pub(crate) const CHAIN: &str = "every survivor descends from a fork in every walk";

/// What keeps forks and changes of group from happening during a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Tasklist,
    Rcu,
}

#[derive(Clone, Debug)]
pub(crate) struct Walking {
    pub(crate) walks: u8,
    pub(crate) members: u8,
    pub(crate) forks: u8,
    pub(crate) lock: Lock,
    /// A fork in two steps; else in one, as under the lock, which is all that matters of a signal that is fatal.
    pub(crate) in_two_steps: bool,
    /// Of a signal that members have a handler for, else one that they end of.
    pub(crate) is_handled: bool,
    /// Broken if not.
    pub(crate) fork_checks: bool,
    pub(crate) keeps_for_newborn: bool,
    /// Whether a member may leave for another group, in which is an unrelated process.
    pub(crate) leaves: bool,
    pub(crate) claim: &'static str,
}

pub(crate) const KILL: Walking = Walking {
    walks: 1,
    members: 3,
    forks: 4,
    lock: Lock::Tasklist,
    in_two_steps: true,
    is_handled: false,
    fork_checks: true,
    keeps_for_newborn: true,
    leaves: false,
    claim: NO_PROCESS_LEFT,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Member {
    id: u8,
    is_unrelated: bool,
    has_signal: bool,
    /// The walks during which it, or an ancestor of it, was born.
    born_in: u8,
    /// In the middle of a fork; whether the signal is kept for the newborn.
    forks: Option<bool>,
}

/// Of the walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Between,
    Before(u8),
    Behind(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// From the head to the tail.
    group: Vec<Member>,
    other_group: Vec<Member>,
    walks_done: u8,
    place: Place,
    forks_left: u8,
    born: u8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    Begins(u8),
    Bears(u8),
    Leaves(u8),
    WalkBegins(u8),
    Signals(u8),
    GoesOnFrom(u8),
}

impl State {
    fn lists(&mut self) -> [&mut Vec<Member>; 2] {
        [&mut self.group, &mut self.other_group]
    }

    fn member(&mut self, id: u8) -> &mut Member {
        self.lists().into_iter().flatten().find(|member| member.id == id).expect("a member")
    }

    /// The list that it is in now.
    fn next_of(&self, id: u8) -> Option<u8> {
        let list = if self.group.iter().any(|member| member.id == id) { &self.group } else { &self.other_group };
        list.iter().skip_while(|member| member.id != id).nth(1).map(|member| member.id)
    }

    fn go_to(&mut self, next: Option<u8>) {
        self.place = next.map_or(Place::Between, Place::Before);
        self.walks_done += u8::from(next.is_none());
    }

    fn bear(&mut self, model: &Walking, id: u8) {
        let walking = self.place != Place::Between;
        let born_in = if walking { 1 << self.walks_done } else { 0 };
        let parent = self.member(id);
        let kept = parent.forks.take().unwrap_or(false);
        if parent.has_signal && !model.is_handled && model.fork_checks {
            return;
        }
        let born_in = parent.born_in | born_in;
        let has_signal = kept && model.is_handled && model.keeps_for_newborn;
        self.born += 1;
        let newborn = Member { id: self.born, is_unrelated: false, has_signal, born_in, forks: None };
        let list = self.lists().into_iter().find(|list| list.iter().any(|member| member.id == id));
        list.expect("a list").insert(0, newborn);
    }
}

impl Walking {
    fn is_over(&self, state: &State) -> bool {
        state.walks_done == self.walks && state.group.iter().all(|member| member.forks.is_none())
    }
}

impl Model for Walking {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let member = |id| Member { id, is_unrelated: id == 0, has_signal: false, born_in: 0, forks: None };
        let other_group = if self.leaves { vec![member(0)] } else { Vec::new() };
        let (group, forks_left, born) = ((1..=self.members).map(member).collect(), self.forks, self.members);
        vec![State { group, other_group, walks_done: 0, place: Place::Between, forks_left, born }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let locked_out = self.lock == Lock::Tasklist && state.place != Place::Between;
        for member in &state.group {
            let may_fork = !member.has_signal && member.forks.is_none() && state.forks_left > 0;
            if may_fork && (self.in_two_steps || !locked_out) {
                actions.push(if self.in_two_steps { Action::Begins(member.id) } else { Action::Bears(member.id) });
            }
            if member.forks.is_some() && !locked_out {
                actions.push(Action::Bears(member.id));
            }
            // Once is enough; also when it has the signal, by its parent.
            if self.leaves && state.other_group.len() == 1 && !locked_out {
                actions.push(Action::Leaves(member.id));
            }
        }
        match state.place {
            Place::Between if state.walks_done < self.walks => actions.push(Action::WalkBegins(state.walks_done + 1)),
            Place::Between => {}
            Place::Before(id) => actions.push(Action::Signals(id)),
            Place::Behind(id) => actions.push(Action::GoesOnFrom(id)),
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Begins(id) => {
                state.forks_left -= 1;
                state.member(id).forks = Some(false);
            }
            Action::Bears(id) => {
                state.forks_left -= u8::from(!self.in_two_steps);
                state.bear(self, id);
            }
            Action::Leaves(id) => {
                let place = state.group.iter().position(|member| member.id == id)?;
                let member = state.group.remove(place);
                state.other_group.insert(0, member);
            }
            Action::WalkBegins(_) => {
                let first = state.group.first().map(|member| member.id);
                state.go_to(first);
            }
            Action::Signals(id) => {
                let member = state.member(id);
                member.has_signal = true;
                member.forks = member.forks.map(|_| true);
                state.place = Place::Behind(id);
                if !self.leaves {
                    // Nothing can come between.
                    let next = state.next_of(id);
                    state.go_to(next);
                }
            }
            Action::GoesOnFrom(id) => {
                let next = state.next_of(id);
                state.go_to(next);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Walking>> {
        let mut properties = match self.claim {
            NO_PROCESS_LEFT => vec![Property::always(NO_PROCESS_LEFT, |model: &Walking, state: &State| {
                !model.is_over(state) || state.group.iter().all(|member| member.has_signal)
            })],
            NO_WRONG_DEATH => vec![Property::always(NO_WRONG_DEATH, |_, state: &State| {
                !state.other_group.iter().any(|member| member.is_unrelated && member.has_signal)
            })],
            _ => vec![Property::always(CHAIN, |model: &Walking, state: &State| {
                let in_every_walk = (1 << model.walks) - 1;
                let is_so = |member: &Member| member.has_signal || member.born_in == in_every_walk;
                !model.is_over(state) || state.group.iter().all(is_so)
            })],
        };
        properties.push(Property::sometimes(
            "all walks are over, and a process was born",
            |model: &Walking, state: &State| {
                Walking::is_over(model, state) && (state.born > model.members || model.forks == 0)
            },
        ));
        if self.lock == Lock::Rcu && self.forks > 0 {
            properties.push(Property::sometimes("a process is born during a walk", |_, state: &State| {
                state.group.iter().any(|member| member.born_in != 0)
            }));
        }
        if self.claim == CHAIN {
            properties.push(Property::sometimes("a process is left", |model: &Walking, state: &State| {
                model.is_over(state) && state.group.iter().any(|member| !member.has_signal)
            }));
        }
        properties
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = |id: &u8| if *id == 0 { "an unrelated process".to_owned() } else { format!("p{id}") };
        match self {
            Action::Begins(id) => write!(f, "{} begins to fork, no signal being pending", name(id)),
            Action::Bears(id) => write!(f, "{}'s fork puts the newborn at the head of its group", name(id)),
            Action::Leaves(id) => write!(f, "{} goes to another group, in which is an unrelated process", name(id)),
            Action::WalkBegins(number) => write!(f, "walk {number} begins at the head"),
            Action::Signals(id) => write!(f, "the walk has come to {}, which gets the signal", name(id)),
            Action::GoesOnFrom(id) => write!(f, "the walk goes on from {}", name(id)),
        }
    }
}
