//! The order in which descriptors are closed: why the socket of a tether holds its own peer.
//!
//! A process that ends (`close_files` in `fs/file.c`), or executes a program (`do_close_on_exec`), closes its
//! descriptors from the lowest number up. That does no more than to count: the process that closes the last copy of a
//! file has it released, and this is put off until the process is on its way out of the kernel or almost gone (`fput`
//! in `fs/file_table.c`, `task_work_run` in `kernel/task_work.c`; in which order depends on the kernel). So two files
//! whose last copies are closed by two processes are released in either order, though each process closes them in the
//! right one.
//!
//! To release the writing side, or the peer, of a reader that is not released yet has the signal sent.

use std::fmt::{self, Display, Formatter};

use stateright::{Model, Property};

use crate::report::Table;

const SENT: &str = "when all is released, the signal has been sent";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Has asked for the signal.
    Reader,
    Writer,
    /// A writer whose queue holds the reader: within one release, the reader is notified first.
    HoldingItsReader,
}

/// The files in the order of their descriptors, of which each reader is that of the writer beside it.
#[derive(Clone, Debug)]
struct Closing {
    files: &'static [Kind],
    /// With the owner, which exits, or a child in the middle of its spawn.
    processes: usize,
    /// Not so: what is closed last is released at once.
    at_once: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Process {
    Owner,
    Child,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Closes {
    process: Process,
    /// How many of its descriptors it has closed.
    closed: usize,
    /// Files of which it has closed the last copy.
    put_off: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    processes: Vec<Closes>,
    released: Vec<bool>,
    sent: bool,
    /// Whether what was put off first is released first; nothing is to depend on it.
    in_order: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Closes(Process, usize, Kind),
    Releases(Process, usize, Kind),
}

impl Closing {
    fn release(&self, state: &mut State, file: usize) {
        let reader = file ^ 1;
        state.sent |= match self.files[file] {
            Kind::Reader => false,
            Kind::Writer => !state.released[reader],
            Kind::HoldingItsReader => true,
        };
        state.released[file] = true;
    }

    fn is_done(&self, state: &State) -> bool {
        state.released.iter().all(|released| *released)
    }
}

impl Model for Closing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let closes = |process: &Process| Closes { process: *process, closed: 0, put_off: Vec::new() };
        let processes: Vec<Closes> = [Process::Owner, Process::Child][..self.processes].iter().map(closes).collect();
        let state = |in_order| State {
            processes: processes.clone(),
            released: vec![false; self.files.len()],
            sent: false,
            in_order,
        };
        [false, true].map(state).into()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for Closes { process, closed, put_off } in &state.processes {
            let next = if state.in_order { put_off.first() } else { put_off.last() };
            if let Some(kind) = self.files.get(*closed) {
                actions.push(Action::Closes(*process, *closed, *kind));
            } else if let Some(file) = next {
                actions.push(Action::Releases(*process, *file, self.files[*file]));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Closes(by, file, _) => {
                let is_last = state.processes.iter().all(|other| other.process == by || other.closed > file);
                let process = state.processes.iter_mut().find(|process| process.process == by)?;
                process.closed += 1;
                if is_last && self.at_once {
                    self.release(&mut state, file);
                } else if is_last {
                    process.put_off.push(file);
                }
            }
            Action::Releases(by, file, _) => {
                let process = state.processes.iter_mut().find(|process| process.process == by)?;
                process.put_off.retain(|other| *other != file);
                self.release(&mut state, file);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Closing>> {
        vec![
            Property::always(SENT, |model: &Closing, state: &State| state.sent || !model.is_done(state)),
            Property::sometimes("all is released", Closing::is_done),
            Property::sometimes("the signal is sent", |_, state: &State| state.sent),
        ]
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (process, file, kind, does) = match self {
            Action::Closes(process, file, kind) => (process, file, kind, "closes its copy of"),
            Action::Releases(process, file, kind) => (process, file, kind, "releases"),
        };
        let process = if let Process::Owner = process { "the owner" } else { "the child at its exec" };
        let kind = match kind {
            Kind::Reader => "the reader",
            Kind::Writer => "the writer",
            Kind::HoldingItsReader => "the socket",
        };
        write!(f, "{process} {does} {kind} {}", file / 2 + 1)
    }
}

#[test]
fn a_socket_that_holds_its_own_peer_hangs_up_whichever_process_closes_it() {
    use Kind::{HoldingItsReader, Reader, Writer};
    let mut table = Table::of("the order of closing");
    let closing = |files, processes| Closing { files, processes, at_once: false };
    for processes in [1, 2] {
        let own = format!("a socket that holds its peer, {processes} with copies");
        table.holds(&own, closing(&[HoldingItsReader], processes));
    }
    table.fails("a pipe, both ends in the owner", SENT, closing(&[Reader, Writer], 1));
    let mirrored = &[Reader, Writer, Writer, Reader];
    table.holds("two pipes in mirrored order, in the owner alone", closing(mirrored, 1));
    table.fails("two pipes in mirrored order, 2 with copies", SENT, closing(mirrored, 2));
    let at_once = Closing { at_once: true, ..closing(mirrored, 2) };
    table.holds("the same, if nothing were put off", at_once);
}
