//! *outer*: the process that the owner knows. It passes signals on, ends as the program does, and takes over if *inner*
//! is killed.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write};
use std::mem;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::ending::{self, Remains};
use super::passing::{self, Situation, To};
use super::{say, Setup};
use crate::platform::sys::{self, Board, End, Of, Origin, Pidfd, Received};
use crate::Signal;

/// How often it is asked whether *inner* has started the program, while a signal waits for that.
const LOOK: Duration = Duration::from_millis(10);

struct Outer {
    setup: Setup,
    inner: u32,
    spared: BTreeSet<u32>,
    /// Orphans may have come: their parents' exits are told of after that.
    orphans: bool,
    /// The program, once a signal had to be passed on.
    program: Option<Pidfd>,
    /// Something above died.
    ending: bool,
    /// *inner* is stopped, so this process has to notice the end of the program.
    inner_is_stopped: bool,
}

pub(super) fn run(setup: Setup, inner: u32) -> ! {
    let stderr = io::stderr();
    let mut kept = vec![stderr.as_fd(), setup.signals.as_fd()];
    kept.extend(setup.above.iter().map(AsFd::as_fd));
    sys::close_all_but(&kept);
    // A working directory keeps a file system busy. There is always a root.
    let _ = env::set_current_dir("/");
    // The program is executed after this.
    let early = passing::take_early(&setup.signals, &setup.shared.board().early_of_outer);
    let spared = setup.spared.iter().copied().collect();
    let mut outer =
        Outer { setup, inner, spared, orphans: true, program: None, ending: false, inner_is_stopped: false };
    for received in early {
        outer.receive(received);
    }
    loop {
        outer.reap();
        outer.wait();
        while let Some(received) = outer.setup.signals.next() {
            outer.receive(received);
        }
    }
}

impl Outer {
    fn board(&self) -> &Board {
        self.setup.shared.board()
    }

    fn wait(&mut self) {
        let above = if self.ending { &[][..] } else { &self.setup.above };
        let program = self.program.as_ref().filter(|_| self.inner_is_stopped && !self.ending);
        let mut fds = vec![self.setup.signals.as_fd()];
        fds.extend(above.iter().map(AsFd::as_fd).chain(program.map(AsFd::as_fd)));
        let ready = sys::poll(&fds, None);
        if ready.iter().skip(1).any(|ready| *ready) {
            self.ending = true;
            self.continue_inner();
        }
    }

    /// *inner* ends the tree. It might be stopped.
    fn continue_inner(&self) {
        // Its pid is its own until it is reaped here.
        let _ = sys::kill(self.inner, Signal::CONT);
    }

    fn receive(&mut self, received: Received) {
        if received.origin == Origin::Child {
            self.orphans = true;
            self.inner_is_stopped = sys::is_stopped(self.inner);
            if self.ending {
                self.continue_inner();
            } else if self.inner_is_stopped {
                self.pin_program();
            }
            return;
        }
        let program = self.started_program();
        let group = program.and_then(sys::group_of);
        let within = [self.setup.outer, self.inner].contains(&received.sender) || program == Some(received.sender);
        let situation = Situation {
            same_group: group.is_some() && group == sys::group_of(0),
            leads_group: group.is_some() && group == program,
            sent_from_within: received.origin == Origin::Process
                && (within || passing::is_member(received.sender, self.inner)),
        };
        if received.number == Signal::CONT.as_raw() && self.program_has_it(program, situation) {
            return;
        }
        match passing::destination(received, situation) {
            To::Nothing => {}
            To::Program => self.pass(received.number, false),
            To::Group => self.pass(received.number, true),
            // *inner* does it.
            To::Tree => {
                let _ = sys::kill(self.inner, Signal::TERM);
                self.continue_inner();
            }
        }
    }

    /// Whether the program needs no SIGCONT that this process got: a shell continues the whole job, and some programs
    /// draw their screen anew for each. Or it has been stopped again by now, and the stop is the newer one.
    fn program_has_it(&self, program: Option<u32>, situation: Situation) -> bool {
        let job_was_stopped = self.board().stopped.swap(0, Ordering::AcqRel) != 0;
        let runs = || program.and_then(sys::is_stopped_or_about_to_be) == Some(false);
        job_was_stopped && situation.same_group && runs() || sys::is_stop_pending()
    }

    /// The pid of the program, once it is there; none if it never will be.
    fn started_program(&self) -> Option<u32> {
        loop {
            match sys::wait_until_set(&self.board().program, Some(LOOK)) {
                0 if matches!(sys::peek_end(Of::One(self.inner)), Ok(None)) => {}
                0 => return None,
                program => return Some(program),
            }
        }
    }

    /// Opens the program's pidfd, if the program was not reaped.
    fn pin_program(&mut self) -> Option<u32> {
        let pid = self.started_program()?;
        if self.program.is_none() {
            self.program = Pidfd::open(pid).ok();
        }
        // *inner* sets it before it reaps the program. So if it is not set, the pid was the program's when the pidfd
        // was opened.
        if sys::is_set(&self.board().reaped) {
            self.program = None;
        }
        self.program.as_ref().map(|_| pid)
    }

    fn pass(&mut self, number: i32, to_group: bool) {
        let Some(pid) = self.pin_program() else { return };
        let Some(program) = &self.program else { return };
        if to_group {
            program.signal_group(pid, number);
        } else {
            let _ = program.send_number(number, 0);
        }
    }

    fn reap(&mut self) {
        if self.spared.is_empty() {
            // As the first process of a container it gets orphans that are not of the tree.
            while let Ok(Some(change)) = sys::reap(Of::All) {
                if change.pid == self.inner {
                    self.finish();
                }
            }
            return;
        }
        if let Ok(Some(_)) = sys::reap(Of::One(self.inner)) {
            self.finish();
        }
        if !mem::take(&mut self.orphans) {
            return;
        }
        // While *inner* lives, it adopts the orphans of the tree. What comes here is left by the children to be spared.
        let children = ending::own_children();
        if matches!(sys::peek_end(Of::One(self.inner)), Ok(None)) {
            self.spared.extend(children.into_iter().filter(|child| *child != self.inner));
        }
    }

    /// When *inner* is gone.
    fn finish(&self) -> ! {
        let board = self.board();
        let _ = io::stderr().write_all(&board.text());
        match board.end() {
            Some(End::Exited(status)) => sys::exit(status),
            Some(End::Killed(signal)) => sys::die_of(signal),
            None => {}
        }
        // It was killed.
        if self.setup.options.verbose {
            say(format_args!("the launcher's process {} was killed, so the tree is killed", self.inner));
        }
        let spared: Vec<u32> = self.spared.iter().copied().collect();
        if let Remains::Some(which) = ending::kill_tree(&spared, &self.setup.signals, |_, _| {}) {
            say(which);
        }
        sys::die_of(Signal::KILL.as_raw())
    }
}
