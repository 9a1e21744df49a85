//! `Tether`, and the child that is being spawned when it is cut: `pdeathsig/src/parent_side/tether/mod.rs`, and
//! `hang_up.rs` and `anchor.rs` in `pdeathsig/src/sys`.
//!
//! Between its fork and its exec the child has a copy of w, and joins the group in between. The group is there for as
//! long as any process is in it, unreaped zombies included; then its number may be given to another. A hang-up
//! goes to the group and not to its number: w's peer holds the `struct pid` (`f_modown` in `fs/fcntl.c`). `kill` and
//! `setpgid` take a number.
//!
//! Here each walk through the group is one step. In the kernel, forks happen during a walk: see `tether_storm`.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::arming::{NO_SURVIVOR, NO_WRONG_DEATH};
use crate::report::Table;

#[derive(Clone, Debug)]
struct Spawning {
    child: &'static [Child],
    drop: &'static [Owner],
    /// Assumptions that are dropped.
    number_may_be_given_away: bool,
    anchor_may_be_taken: bool,
}

/// The next thing that the child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Child {
    Joins,
    Executes,
    /// Broken: the copy is to last until exec.
    ClosesCopy,
}

/// What the owner does when it drops the tether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    /// At whether the number is the group's: if not, nothing is sent.
    Looks,
    Kills,
    Closes,
    Reaps,
}

const CHILD: &[Child] = &[Child::Joins, Child::Executes];
const DROP: &[Owner] = &[Owner::Looks, Owner::Kills, Owner::Closes, Owner::Reaps];
const AS_IT_IS: Spawning =
    Spawning { child: CHILD, drop: DROP, number_may_be_given_away: false, anchor_may_be_taken: false };

/// The group that has the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    Tether,
    Unrelated,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    owner_lives: bool,
    owner_has_w: bool,
    /// How much of a drop is done; none if it has not begun.
    dropped: usize,
    is_to_be_sent: bool,
    anchor_is_there: bool,
    number: Group,
    member_lives: bool,
    member_has_ended: bool,
    member_is_reaped: bool,
    unrelated_lives: bool,
    /// None before the fork.
    child_done: Option<usize>,
    child_has_w: bool,
    child_lives: bool,
    child_in: Option<Group>,
    refused: bool,
    hung_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Forks,
    Does(Child),
    OwnerIsKilled,
    Drops(Owner),
    AnchorIsReaped,
    MemberEnds,
    MemberIsReaped,
    NumberIsGivenAway,
}

impl Spawning {
    fn is_executed(&self, state: &State) -> bool {
        state.child_done == Some(self.child.len())
    }

    fn is_cut(&self, state: &State) -> bool {
        !state.owner_lives || state.dropped == self.drop.len()
    }

    fn closes(state: &mut State) {
        if !state.owner_has_w && !state.child_has_w {
            state.hung_up = true;
            Spawning::signal(state, Group::Tether);
        }
    }

    fn signal(state: &mut State, group: Group) {
        match group {
            Group::Tether => state.member_lives = false,
            Group::Unrelated => state.unrelated_lives = false,
        }
        if state.child_in == Some(group) {
            state.child_lives = false;
        }
    }

    fn somebody_is_in_the_group(state: &State) -> bool {
        state.anchor_is_there || !state.member_is_reaped || state.child_in == Some(Group::Tether)
    }

    fn act(state: &mut State, step: Child) {
        match step {
            Child::Joins if state.number == Group::Unrelated => state.child_in = Some(Group::Unrelated),
            Child::Joins if Spawning::somebody_is_in_the_group(state) => state.child_in = Some(Group::Tether),
            Child::Joins => {
                // It exits, and closes w by that.
                (state.refused, state.child_lives) = (true, false);
                state.child_has_w = false;
                Spawning::closes(state);
            }
            Child::Executes | Child::ClosesCopy => {
                let had = std::mem::take(&mut state.child_has_w);
                if had {
                    Spawning::closes(state);
                }
            }
        }
    }

    fn drop_does(state: &mut State, step: Owner) {
        match step {
            Owner::Looks => state.is_to_be_sent = Spawning::somebody_is_in_the_group(state),
            Owner::Kills if state.is_to_be_sent => Spawning::signal(state, state.number),
            Owner::Kills => {}
            Owner::Closes => {
                state.owner_has_w = false;
                Spawning::closes(state);
            }
            Owner::Reaps => state.anchor_is_there = false,
        }
    }
}

impl Model for Spawning {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            owner_lives: true,
            owner_has_w: true,
            dropped: 0,
            is_to_be_sent: true,
            anchor_is_there: true,
            number: Group::Tether,
            member_lives: true,
            member_has_ended: false,
            member_is_reaped: false,
            unrelated_lives: true,
            child_done: None,
            child_has_w: false,
            child_lives: true,
            child_in: None,
            refused: false,
            hung_up: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let is_free = state.number == Group::Tether && !Spawning::somebody_is_in_the_group(state);
        let in_flight = state.child_done.is_some_and(|done| done < self.child.len());
        let possible = [
            (Action::Forks, state.child_done.is_none() && state.owner_lives && state.dropped == 0),
            (Action::OwnerIsKilled, state.owner_lives),
            (Action::AnchorIsReaped, state.anchor_is_there && (!state.owner_lives || self.anchor_may_be_taken)),
            (Action::MemberEnds, state.member_lives),
            (Action::MemberIsReaped, !state.member_lives && !state.member_is_reaped),
            // Assumed: not while the child is between its fork and its exec.
            (Action::NumberIsGivenAway, is_free && (self.number_may_be_given_away || !in_flight)),
        ];
        actions.extend(possible.into_iter().filter(|(_, possible)| *possible).map(|(action, _)| action));
        if let (true, Some(step)) = (state.owner_lives, self.drop.get(state.dropped)) {
            actions.push(Action::Drops(*step));
        }
        if let (true, Some(step)) = (state.child_lives, state.child_done.and_then(|done| self.child.get(done))) {
            actions.push(Action::Does(*step));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Forks => (state.child_done, state.child_has_w) = (Some(0), true),
            Action::Does(step) => {
                state.child_done = state.child_done.map(|done| done + 1);
                Spawning::act(&mut state, step);
            }
            Action::OwnerIsKilled => {
                state.owner_lives = false;
                if std::mem::take(&mut state.owner_has_w) {
                    Spawning::closes(&mut state);
                }
            }
            Action::Drops(step) => {
                state.dropped += 1;
                Spawning::drop_does(&mut state, step);
            }
            Action::AnchorIsReaped => state.anchor_is_there = false,
            Action::MemberEnds => (state.member_lives, state.member_has_ended) = (false, true),
            Action::MemberIsReaped => state.member_is_reaped = true,
            Action::NumberIsGivenAway => state.number = Group::Unrelated,
        }
        // A child that is killed in the middle of its spawn closes w, too.
        if !state.child_lives && std::mem::take(&mut state.child_has_w) {
            Spawning::closes(&mut state);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Spawning>> {
        vec![
            Property::always(NO_SURVIVOR, |model: &Spawning, state: &State| {
                let child_is_done = state.child_done.is_none() || model.is_executed(state) || !state.child_lives;
                let child_is_survivor = state.child_lives && state.child_done.is_some();
                !(model.is_cut(state) && child_is_done && (child_is_survivor || state.member_lives))
            }),
            Property::always(NO_WRONG_DEATH, |_, state: &State| {
                let whole = state.owner_lives && state.dropped == 0;
                state.unrelated_lives
                    && !(whole
                        && (!state.child_lives && !state.refused || !state.member_lives && !state.member_has_ended))
            }),
            Property::sometimes("the owner is killed, and the child dies of its exec", |model, state: &State| {
                !state.owner_lives && Spawning::is_executed(model, state) && !state.child_lives && state.hung_up
            }),
            Property::sometimes("the child runs for as long as its owner", |model, state: &State| {
                state.owner_lives && Spawning::is_executed(model, state) && state.child_lives
            }),
            Property::sometimes("spawned when no process is in the group any more, it fails", |_, state: &State| {
                state.refused
            }),
            Property::sometimes("the number is given away", |_, state: &State| state.number == Group::Unrelated),
        ]
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Forks => "the owner forks, for a spawn",
            Action::Does(Child::Joins) => "the child joins the group of that number",
            Action::Does(Child::Executes) => "the child executes its program, which closes w if it has it",
            Action::Does(Child::ClosesCopy) => "the child closes its copy of w",
            Action::OwnerIsKilled => "the owner is killed, which closes w",
            Action::Drops(Owner::Looks) => "the owner's drop looks whether the group is there",
            Action::Drops(Owner::Kills) => "the owner's drop sends the signal to the number",
            Action::Drops(Owner::Closes) => "the owner's drop closes w",
            Action::Drops(Owner::Reaps) => "the owner's drop reaps the anchor",
            Action::AnchorIsReaped => "the anchor is reaped",
            Action::MemberEnds => "the member ends by itself",
            Action::MemberIsReaped => "the dead member is reaped",
            Action::NumberIsGivenAway => "the number is free, and an unrelated process's group gets it",
        })
    }
}

#[test]
fn a_child_in_the_middle_of_its_spawn_does_not_survive() {
    let mut table = Table::of("Tether, the spawn");
    table.holds("as it is", AS_IT_IS);
    let child = &[Child::ClosesCopy, Child::Joins, Child::Executes];
    table.fails("w closed before the join", NO_SURVIVOR, Spawning { child, ..AS_IT_IS });
    let child = &[Child::Executes, Child::Joins];
    table.fails("the join after exec, as a shell does", NO_SURVIVOR, Spawning { child, ..AS_IT_IS });
    let drop = &[Owner::Looks, Owner::Reaps, Owner::Kills, Owner::Closes];
    table.fails("a drop that reaps the anchor first", NO_WRONG_DEATH, Spawning { drop, ..AS_IT_IS });
    let taken = Spawning { anchor_may_be_taken: true, ..AS_IT_IS };
    table.fails("if other code in the owner reaps the anchor (__WALL)", NO_WRONG_DEATH, taken);
    let given_away = Spawning { number_may_be_given_away: true, ..AS_IT_IS };
    table.fails("if the number could be given away in mid-spawn", NO_SURVIVOR, given_away);
}
