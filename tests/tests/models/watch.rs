//! `watch`: the parent process is pinned, and a thread waits for its end.
//!
//! Taken for granted: what was said of the call; a number is given to another process only when the one that had it has been reaped; a pidfd
//! stays that of one process, and becomes readable at its end (`do_notify_pidfd` in `kernel/signal.c`). The number may be given
//! away at once, as a hostile or a busy system may have it.

use stateright::{Model, Property};

use crate::check::{breaks, holds};

const NO_SURVIVOR: &str = "whoever has recorded its parent, and come to rest, has died with it";
const NO_VICTIM: &str = "nobody dies whose parent lives";

/// What stands behind a number.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Process {
    Parent,
    /// Who has got the number of the parent.
    Stranger,
    Adopter,
}

/// The steps of whoever pins: the main thread, then the one that watches.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum At {
    Asks,
    Opens,
    AsksAgain,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Phase {
    Main(At),
    Thread(At),
    Polls,
    Sent,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    /// Whether it asks for its parent again when that is pinned.
    asks_again: bool,
    /// Whether the thread compares what it has pinned with what the main thread has recorded.
    compares: bool,
    /// The signal comes from the kernel, by the end of the thread that spawned.
    of_the_thread: bool,
}

const OURS: Watch = Watch { asks_again: true, compares: true, of_the_thread: false };

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
struct State {
    parent_lives: bool,
    spawner_lives: bool,
    /// Its number has been given to another.
    recycled: bool,
    stranger_lives: bool,
    phase: Phase,
    /// By whom: the parent's number, or that of the adopter.
    named: Option<Process>,
    recorded: Option<Process>,
    pinned: Option<Process>,
}

impl State {
    fn getppid(&self) -> Process {
        if self.parent_lives {
            Process::Parent
        } else {
            Process::Adopter
        }
    }

    fn open(&self, named: Process) -> Option<Process> {
        match named {
            Process::Adopter => Some(Process::Adopter),
            _ if !self.recycled => Some(Process::Parent),
            _ => self.stranger_lives.then_some(Process::Stranger),
        }
    }

    fn has_ended(&self, process: Process) -> bool {
        match process {
            Process::Parent => !self.parent_lives,
            Process::Stranger => !self.stranger_lives,
            Process::Adopter => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    ParentDies,
    SpawnerEnds,
    NumberIsRecycled,
    StrangerEnds,
    Child(Phase),
}

impl Watch {
    fn pin(&self, state: &mut State, at: At, thread: bool) {
        let phase = |at| if thread { Phase::Thread(at) } else { Phase::Main(at) };
        match at {
            At::Asks => {
                state.named = Some(state.getppid());
                state.phase = phase(At::Opens);
            }
            At::Opens => {
                state.pinned = state.open(state.named.unwrap());
                state.phase = phase(At::AsksAgain);
            }
            At::AsksAgain => {
                let is_gone = self.asks_again && state.named != Some(state.getppid()) || state.pinned.is_none();
                let differs = thread && self.compares && state.named != state.recorded;
                if !thread {
                    state.recorded = state.named;
                }
                state.phase = match (is_gone || differs, thread) {
                    (true, _) => Phase::Sent,
                    (false, false) => Phase::Thread(At::Asks),
                    (false, true) => Phase::Polls,
                };
            }
        }
    }
}

impl Model for Watch {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            parent_lives: true,
            spawner_lives: true,
            recycled: false,
            stranger_lives: false,
            phase: Phase::Main(At::Asks),
            named: None,
            recorded: None,
            pinned: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        if state.parent_lives {
            actions.push(Step::ParentDies);
            if state.spawner_lives {
                actions.push(Step::SpawnerEnds);
            }
        } else if !state.recycled {
            actions.push(Step::NumberIsRecycled);
        }
        if state.stranger_lives {
            actions.push(Step::StrangerEnds);
        }
        let rests = match state.phase {
            Phase::Polls => !state.has_ended(state.pinned.unwrap()),
            Phase::Sent => true,
            _ => false,
        };
        if !rests {
            actions.push(Step::Child(state.phase));
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = *before;
        match step {
            Step::ParentDies => state.parent_lives = false,
            Step::SpawnerEnds => {
                state.spawner_lives = false;
                if self.of_the_thread && state.phase == Phase::Polls {
                    state.phase = Phase::Sent;
                }
            }
            Step::NumberIsRecycled => {
                state.recycled = true;
                state.stranger_lives = true;
            }
            Step::StrangerEnds => state.stranger_lives = false,
            Step::Child(Phase::Main(at)) => self.pin(&mut state, at, false),
            Step::Child(Phase::Thread(at)) => self.pin(&mut state, at, true),
            Step::Child(_) => state.phase = Phase::Sent,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(NO_SURVIVOR, |_, state| {
                let rests = state.phase == Phase::Polls && !state.has_ended(state.pinned.unwrap());
                !(rests && !state.parent_lives && state.recorded == Some(Process::Parent))
            }),
            Property::<Self>::always(NO_VICTIM, |_, state| state.phase != Phase::Sent || !state.parent_lives),
            Property::<Self>::sometimes("the number of the parent is opened when it is a stranger's", |_, state| {
                state.pinned == Some(Process::Stranger)
            }),
            Property::<Self>::sometimes("the end of the spawning thread alone does nothing", |_, state| {
                state.phase == Phase::Polls && !state.spawner_lives && state.parent_lives
            }),
            Property::<Self>::sometimes("one comes too late, as is documented, and watches its adopter", |_, state| {
                state.phase == Phase::Polls && state.pinned == Some(Process::Adopter)
            }),
            Property::<Self>::sometimes("the signal is sent", |_, state| state.phase == Phase::Sent),
        ]
    }
}

#[test]
fn watch() {
    holds("watch", OURS);
    breaks("watch, without asking again", Watch { asks_again: false, ..OURS }, NO_SURVIVOR);
    breaks("watch, whose thread takes whom it finds", Watch { compares: false, ..OURS }, NO_SURVIVOR);
    breaks("watch by the kernel's signal", Watch { of_the_thread: true, ..OURS }, NO_VICTIM);
}
