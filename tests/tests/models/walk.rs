//! `Tether`, the walk: the kernel sends the signal to one member of the group after another, while members fork.
//!
//! Taken for granted: a fork enters the child at the head of the group's list, in one step, unless its parent has got the signal by then
//! (`copy_process` in `kernel/fork.c`); a walk goes from the head on. `kill` holds `tasklist_lock` meanwhile, so that nobody is
//! entered (`kill_something_info` in `kernel/signal.c`). `send_sigio` in `fs/fcntl.c`, which a hang-up comes to, held it, too, until the
//! commit 00633c468382, "fs/fcntl: fix SOFTIRQ-unsafe lock order in fasync signaling", of May 2026, which went into stable
//! kernels in June 2026. Since then it holds `rcu_read_lock` alone, and whoever is entered at the head meanwhile is missed.
//!
//! What follows is exact: **a survivor of so many walks takes as many forks, each of which is entered during another one of the walks, by
//! a member that the walk has not come to yet.** From the second walk on these are the youngest, which it comes to first.

use stateright::{Model, Property};

use crate::check::{breaks, holds};

const NO_SURVIVOR: &str = "nobody survives the last walk";

#[derive(Clone, Copy, Debug)]
struct Group {
    walks: usize,
    /// How many forks are entered during walks, at most.
    forks_during_walks: usize,
    /// Nobody is entered during a walk.
    locked: bool,
}

/// How many are there before, and may be born before the first walk.
const MEMBERS: usize = 2;
const BORN_BEFORE: usize = 1;

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct State {
    /// Who lives, from the end of the list on.
    lives: Vec<bool>,
    /// Whom the walk comes to next.
    next: Option<usize>,
    walks: usize,
    born_before: usize,
    born_during_walks: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Forks(usize),
    WalkBegins,
    IsSent(usize),
}

impl Model for Group {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State { lives: vec![true; MEMBERS], next: None, walks: 0, born_before: 0, born_during_walks: 0 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        let may_fork = match state.next {
            // Between walks, those that live have been missed already, and are seen by the next.
            None => state.born_before < BORN_BEFORE && state.walks < self.walks,
            Some(_) => !self.locked && state.born_during_walks < self.forks_during_walks,
        };
        if may_fork {
            actions
                .extend(state.lives.iter().enumerate().filter(|(_, lives)| **lives).map(|(one, _)| Step::Forks(one)));
        }
        match state.next {
            Some(next) => actions.push(Step::IsSent(next)),
            None if state.walks < self.walks => actions.push(Step::WalkBegins),
            None => {}
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Forks(_) => {
                state.lives.push(true);
                match state.next {
                    None => state.born_before += 1,
                    Some(_) => state.born_during_walks += 1,
                }
            }
            Step::WalkBegins => {
                state.walks += 1;
                state.next = Some(state.lives.len() - 1);
            }
            Step::IsSent(member) => {
                state.lives[member] = false;
                state.next = member.checked_sub(1);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_SURVIVOR, |model, state| {
                state.walks < model.walks || state.next.is_some() || !state.lives.contains(&true)
            }),
            Property::<Self>::sometimes("all have got it", |_, state| !state.lives.contains(&true)),
            Property::<Self>::sometimes("as many are born during walks as may be", |model, state| {
                model.locked || state.born_during_walks == model.forks_during_walks
            }),
        ]
    }
}

#[test]
fn tether_walk() {
    let locked = Group { walks: 1, forks_during_walks: 3, locked: true };
    holds("one walk, nobody entered during it: kill, and hang-ups before the kernel's change", locked);
    for walks in 1..=4 {
        let fewer = Group { walks, forks_during_walks: walks - 1, locked: false };
        holds(&format!("hang-ups: {walks}, forks entered during them: {}", walks - 1), fewer);
        let as_many = Group { forks_during_walks: walks, ..fewer };
        breaks(&format!("hang-ups: {walks}, forks entered during them: {walks}"), as_many, NO_SURVIVOR);
    }
}
