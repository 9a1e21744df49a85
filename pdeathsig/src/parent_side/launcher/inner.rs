//! *inner*: the parent of the program, which adopts all that is orphaned below it, and ends the tree.

use std::env;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::ending::{self, Remains};
use super::{passing, program, say, Setup, FAILED};
use crate::platform::sys::{self, Change, End, Of, Origin, Received, What};
use crate::{Error, Signal};

/// From a signal that asks the tree to end until SIGKILL, if nothing else was set.
const GRACE: Duration = Duration::from_secs(10);
/// What the program leaves has so long to finish by itself.
const FINISH: Duration = Duration::from_secs(1);

struct Inner {
    setup: Setup,
    program: u32,
    /// How the program ended.
    end: Option<End>,
    /// Something above died.
    ending: bool,
    /// The tree got SIGTERM. For many programs a second one means to exit without cleaning up.
    told_to_end: bool,
    /// When the tree gets SIGTERM.
    term_at: Option<Instant>,
    /// When the tree gets SIGKILL.
    kill_at: Option<Instant>,
}

pub(super) fn run(setup: Setup, session_too: bool) -> ! {
    // SIGCONT wakes it when *outer* dies, even if it is stopped. If *outer* died before, there is nothing to be ended.
    match sys::arm_for(Signal::CONT, setup.outer) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => sys::exit(FAILED),
        Err(source) => give_up(&setup, &Error::os("prctl(PR_SET_PDEATHSIG)")(source)),
    }
    if let Err(source) = sys::set_subreaper(true) {
        give_up(&setup, &Error::os("prctl(PR_SET_CHILD_SUBREAPER)")(source));
    }
    let own = sys::own_id();
    let program = match sys::fork(Signal::CHLD) {
        Ok(Some(program)) => program,
        Ok(None) => program::run(setup, own),
        Err(source) => give_up(&setup, &Error::os("clone(2)")(source)),
    };
    // Only now: the program stays in the owner's group.
    if let Err(source) = sys::leave_group(session_too) {
        let _ = sys::kill(program, Signal::KILL);
        give_up(&setup, &Error::os(if session_too { "setsid(2)" } else { "setpgid(2)" })(source));
    }
    let mut kept = vec![setup.signals.as_fd(), setup.outer_pidfd.as_fd()];
    kept.extend(setup.above.iter().map(AsFd::as_fd));
    sys::close_all_but(&kept);
    // A working directory keeps a file system busy. There is always a root.
    let _ = env::set_current_dir("/");
    // The program is executed after this. *outer* sends nothing before it knows the program's pid. What the program has
    // done since is looked at first below.
    passing::take_early(&setup.signals, &setup.shared.board().early_of_inner);
    sys::store_and_wake(&setup.shared.board().program, program);

    let mut inner =
        Inner { setup, program, end: None, ending: false, told_to_end: false, term_at: None, kill_at: None };
    loop {
        inner.receive_all();
        inner.reap();
        inner.act_in_time();
        inner.wait();
    }
}

/// Before the program has started.
fn give_up(setup: &Setup, error: &Error) -> ! {
    say(error);
    setup.shared.board().set_end(End::Exited(FAILED));
    sys::exit(FAILED)
}

impl Inner {
    /// Until something happens, or it is time for something.
    fn wait(&mut self) {
        let above = if self.ending { &[][..] } else { &self.setup.above };
        let mut fds = vec![self.setup.signals.as_fd(), self.setup.outer_pidfd.as_fd()];
        fds.extend(above.iter().map(AsFd::as_fd));
        let next = [self.term_at, self.kill_at].into_iter().flatten().min();
        let ready = sys::poll(&fds, next.map(|next| next.saturating_duration_since(Instant::now())));
        let mut ready = ready.into_iter().skip(1);
        if ready.next().unwrap_or(false) {
            self.kill("the launcher's other process was killed");
        }
        if let Some((gone, _)) = above.iter().zip(ready).find(|(_, ready)| *ready) {
            let why = format!("{gone} exited");
            self.end_for(&why);
        }
    }

    fn end_for(&mut self, why: &str) {
        self.ending = true;
        match self.setup.options.signal {
            None | Some(Signal::KILL) => self.kill(why),
            Some(signal) => {
                self.send(why, signal);
                self.start_grace();
            }
        }
    }

    fn start_grace(&mut self) {
        let grace = self.setup.options.grace.unwrap_or(GRACE);
        // A time that is too far away for the clock never comes.
        let end = Instant::now().checked_add(grace);
        self.kill_at = [self.kill_at, end].into_iter().flatten().min();
    }

    fn receive_all(&mut self) {
        let mut term = false;
        while let Some(received) = self.setup.signals.next() {
            term |= is_term_of(received, self.setup.outer);
        }
        if term {
            self.send("the launcher got SIGTERM", Signal::TERM);
            if self.setup.options.grace.is_some() {
                self.start_grace();
            }
        }
    }

    /// What children have done. If none is left, the tree is gone.
    fn reap(&mut self) {
        loop {
            match sys::peek(Of::All) {
                Ok(Some(change)) => {
                    let of_program = change.pid == self.program;
                    let ended = matches!(change.what, What::Ended(_));
                    // An exit is noted before the pid is free. A stop is taken before it is acted upon: the next one
                    // may come meanwhile.
                    if of_program && ended {
                        self.note(change);
                    }
                    sys::take(change);
                    if of_program && !ended {
                        self.note(change);
                    }
                }
                Ok(None) => break,
                Err(_) => self.finish(),
            }
        }
    }

    fn note(&mut self, change: Change) {
        match change.what {
            What::Ended(end) => {
                self.note_end(end);
                if self.ending {
                    // What is left has a time already.
                } else if self.setup.options.keep_background {
                    sys::take(change);
                    self.finish();
                } else {
                    self.term_at = Some(Instant::now() + FINISH);
                }
            }
            // The shell sees a stopped job. If the program runs by now, the next change says so.
            What::Stopped => self.stop_outer(),
            What::Continued => self.continue_outer(),
        }
    }

    fn stop_outer(&mut self) {
        self.setup.shared.board().stopped.store(1, Ordering::Release);
        let _ = self.setup.outer_pidfd.send_signal(Signal::STOP);
    }

    /// SIGCONT takes away the stop signals that are pending for *outer*, so it is sent only if *outer* has not been
    /// continued since. A shell usually continues it, together with the program.
    fn continue_outer(&mut self) {
        if sys::is_set(&self.setup.shared.board().stopped) && self.outer_is_stopped().unwrap_or(true) {
            let _ = self.setup.outer_pidfd.send_signal(Signal::CONT);
        }
    }

    /// None if `/proc` does not tell.
    fn outer_is_stopped(&self) -> Option<bool> {
        sys::is_stopped_or_about_to_be(self.setup.outer)
    }

    /// *outer* has to know before the program is reaped, and its number may be another's.
    fn note_end(&mut self, end: End) {
        sys::store_and_wake(&self.setup.shared.board().reaped, 1);
        self.end = Some(end);
    }

    fn act_in_time(&mut self) {
        let now = Instant::now();
        let is_due = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if is_due(self.kill_at) {
            self.kill("the grace is over");
        }
        if is_due(self.term_at) {
            self.term_at = None;
            if !self.told_to_end {
                self.send("the program exited", Signal::TERM);
            }
            self.start_grace();
        }
    }

    fn send(&mut self, why: &str, signal: Signal) {
        self.tell(why, signal);
        self.told_to_end |= signal == Signal::TERM;
        ending::send(signal);
    }

    fn tell(&self, why: &str, signal: Signal) {
        if self.setup.options.verbose {
            let text = format!("pdeathsig: {why}: {signal} to {}\n", ending::list());
            self.setup.shared.board().write(&text);
        }
    }

    fn kill(&mut self, why: &str) -> ! {
        self.tell(why, Signal::KILL);
        let (program, mut end) = (self.program, self.end);
        let board = self.setup.shared.board();
        let remains = ending::kill_tree(&[], &self.setup.signals, |pid, how| {
            if pid == program {
                sys::store_and_wake(&board.reaped, 1);
                end = Some(how);
            }
        });
        if let Remains::Some(which) = remains {
            board.write(&format!("pdeathsig: {which}\n"));
        }
        self.end = end;
        self.finish()
    }

    /// Its own end continues *outer*, if that is stopped: its exit signal is SIGCONT.
    fn finish(&self) -> ! {
        self.setup.shared.board().set_end(self.end.unwrap_or(End::Killed(Signal::KILL.as_raw())));
        sys::exit(0)
    }
}

fn is_term_of(received: Received, outer: u32) -> bool {
    let is_term = received.number == Signal::TERM.as_raw();
    is_term && received.origin == Origin::Process && received.sender == outer
}
