//! `Tether`, the hang-up: one descriptor that holds its own peer, or two that are closed one after the other.
//!
//! A copy of the owner's descriptors may be in another process: a command on its way to exec, or a fork. Each process closes its
//! copies in an order of its own; what was to be sent is sent when the last copy of a writing end is closed, if the reading end is
//! there still. Taken for granted: a socket's peer is hung up on before its queue is emptied, in one release (`unix_release_sock` in
//! `net/unix/af_unix.c`); a process that ends or executes a program closes its descriptors from the lowest up, and the last copies
//! are released from the last one back (`task_work_run` in `kernel/task_work.c`), so that either order is to be reckoned with.

use stateright::{Model, Property};

use crate::check::{breaks, holds};

const IS_SENT: &str = "when nobody holds a descriptor any more, the signal was sent";

/// An end of one of two pairs.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum End {
    Writing(u8),
    Reading(u8),
}

/// What the owner has open, from the lowest descriptor up.
#[derive(Clone, Debug)]
struct Tie {
    descriptors: &'static [End],
    /// The reading end waits in the queue of the writing end, and nowhere else.
    holds_its_peer: bool,
    /// How many processes have copies.
    processes: usize,
}

/// What each process has still to close; the next one last.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct State {
    open: Vec<Vec<End>>,
    sent: bool,
}

impl State {
    fn is_open(&self, end: End) -> bool {
        self.open.iter().any(|process| process.contains(&end))
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Closes { process: usize, end: End },
}

impl Model for Tie {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let orders = |number: usize| {
            (0..self.processes).map(move |process| {
                let mut open = self.descriptors.to_vec();
                if number >> process & 1 == 0 {
                    open.reverse();
                }
                open
            })
        };
        (0..1 << self.processes).map(|number| State { open: orders(number).collect(), sent: false }).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        for (process, open) in state.open.iter().enumerate() {
            actions.extend(open.last().map(|end| Step::Closes { process, end: *end }));
        }
    }

    fn next_state(&self, before: &State, Step::Closes { process, end }: Step) -> Option<State> {
        let mut state = before.clone();
        state.open[process].pop();
        if let End::Writing(pair) = end {
            let hears = self.holds_its_peer || state.is_open(End::Reading(pair));
            state.sent |= !state.is_open(end) && hears;
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(IS_SENT, |_, state| {
                state.sent || state.open.iter().any(|process| !process.is_empty())
            }),
            Property::<Self>::always("it is not sent while somebody holds the tether", |model, state| {
                let held = model.descriptors.iter().all(|end| state.is_open(*end));
                !(state.sent && held)
            }),
            Property::<Self>::sometimes("one has closed all, and another has not", |model, state| {
                model.processes == 1
                    || state.open.iter().any(Vec::is_empty) && state.open.iter().any(|one| !one.is_empty())
            }),
        ]
    }
}

#[test]
fn tether_hang_up() {
    use End::*;
    let ours = Tie { descriptors: &[Writing(1)], holds_its_peer: true, processes: 3 };
    holds("a socket that holds its own peer, in three processes", ours);

    let one_pair = Tie { descriptors: &[Writing(1), Reading(1)], holds_its_peer: false, processes: 1 };
    breaks("a pipe with both ends in the owner", one_pair, IS_SENT);
    let mirrored = &[Writing(1), Reading(1), Reading(2), Writing(2)];
    let in_one = Tie { descriptors: mirrored, holds_its_peer: false, processes: 1 };
    holds("two pipes in mirrored order, in one process", in_one.clone());
    breaks("two pipes in mirrored order, in two processes", Tie { processes: 2, ..in_one }, IS_SENT);
}
