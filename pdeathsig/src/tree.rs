//! Finding descendants while they fork, and killing them: freeze, verify, kill.
//!
//! A process is stopped before its children are looked for. While it is stopped it starts no more of them, and cannot
//! exit and leave its pid to another process. Passes are made until one finds no new process, so all are stopped then.
//! After that, each is looked at once more before it gets its signal. Each process that was stopped gets it, or is
//! continued, even if the root exits meanwhile.

use std::time::{Duration, Instant};

use crate::platform::sys::{self, PidSet, Pidfd, Status};
use crate::Signal;

/// How long stopping all of them may take. One that sleeps where no signal wakes it is not waited for any longer.
const STOP: Duration = Duration::from_secs(1);
/// How long to wait for another death. After two rounds without one the processes that are left are given up: not even
/// SIGKILL wakes them, or it is refused.
const DIE: Duration = Duration::from_secs(1);
/// The end of it all, for a process whose threads go on starting others. Each round counts for one second at most.
const END: Duration = Duration::from_secs(10);
/// No more than this counts of a round. One that takes longer waited for a process that no signal wakes, had little
/// processor time, or was interrupted: the process was stopped, or its container or its machine was paused.
pub(crate) const LONGEST_ROUND: Duration = Duration::from_secs(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_micros(100);

/// The process whose descendants are meant.
pub(crate) enum Root {
    /// The calling one.
    This(u32),
    /// Another, which the calling one keeps stopped if it kills, but for a thread that sleeps in the kernel.
    Other { pid: u32, pidfd: Pidfd, asleep: u32 },
}

impl Root {
    fn pid(&self) -> u32 {
        match self {
            Root::This(pid) | Root::Other { pid, .. } => *pid,
        }
    }

    /// Whether its number is still its own.
    fn is_there(&self) -> bool {
        match self {
            Root::This(_) => true,
            Root::Other { pidfd, .. } => !pidfd.is_gone_by(Some(Instant::now())).unwrap_or(false),
        }
    }

    /// Also again: the end of a foreign process may have continued it (`kill_orphaned_pgrp` in the kernel's
    /// `kernel/exit.c`).
    pub(crate) fn keep_stopped(&self) {
        if let Root::Other { pid, pidfd, asleep } = self {
            if pidfd.send_signal(Signal::STOP).is_ok() {
                wait_until(|| sys::has_halted(*pid, *asleep), Instant::now() + STOP);
            }
        }
    }

    /// Sends one that it ends of to each thread of it that is stopped: when it is continued, none of them gets to run
    /// its program before another has taken what was sent to them all.
    pub(crate) fn send_to_threads(&self, signal: Signal) {
        if let Root::Other { pid, asleep, .. } = self {
            sys::every_thread(*pid, |thread| {
                if thread != *asleep && self.is_there() {
                    let _ = sys::tgkill(*pid, thread, signal);
                }
                true
            });
        }
    }

    /// Whether it was sent.
    pub(crate) fn send(&self, signal: Signal) -> bool {
        let sent = match self {
            Root::This(pid) => sys::kill(*pid, signal),
            Root::Other { pidfd, .. } => pidfd.send_signal(signal),
        };
        sent.is_ok()
    }
}

/// The descendants of a process, but for the caller, if that is one.
pub(crate) struct Tree<'a> {
    root: &'a Root,
    caller: u32,
    /// Children of the root that do not belong to the tree, and what is below them.
    spared: &'a [u32],
    /// Whether a process is signalled only while a pidfd holds it, never by its pid.
    only_held: bool,
    /// Those that were found, from the root outwards.
    found: &'a mut PidSet,
}

impl<'a> Tree<'a> {
    pub(crate) fn below(root: &'a Root, memory: &'a mut PidSet) -> Tree<'a> {
        Tree { root, caller: sys::own_id(), spared: &[], only_held: false, found: memory }
    }

    /// Leaves out some children of the root.
    pub(crate) fn sparing(self, spared: &'a [u32]) -> Tree<'a> {
        Tree { spared, ..self }
    }

    /// Signals a process only while a pidfd holds it.
    pub(crate) fn only_held(self) -> Tree<'a> {
        Tree { only_held: true, ..self }
    }

    /// Sends each a signal, once.
    pub(crate) fn send(&mut self, signal: Signal) {
        self.stop_all();
        self.each(|process| {
            process.send(signal);
        });
        // One that is stopped does not act on any other signal.
        if !sys::stops(signal) {
            self.each(|process| {
                process.send(Signal::CONT);
            });
        }
    }

    /// Stops all that can be found, then kills them, once.
    pub(crate) fn strike(&mut self) {
        self.stop_all();
        self.each(|process| {
            process.send(Signal::KILL);
        });
    }

    /// Kills until no process is left, or the rest cannot be killed.
    pub(crate) fn kill(&mut self) {
        let mut spent = Duration::ZERO;
        // A list that is read while others die may lack one who lives, so one that is empty must be so again.
        let (mut empty, mut in_vain) = (0, 0);
        while empty < 2 && in_vain < 2 && spent < END {
            let begin = Instant::now();
            self.root.keep_stopped();
            self.stop_all();
            if self.found.len() == 0 {
                empty += 1;
            } else {
                empty = 0;
                let mut struck = false;
                self.each(|process| struck |= process.send(Signal::KILL));
                // Those of the last round may have died meanwhile.
                in_vain = if struck && self.any_dies() { 0 } else { in_vain + 1 };
            }
            spent += begin.elapsed().min(LONGEST_ROUND);
        }
    }

    /// Passes over the tree until one finds no new process.
    fn stop_all(&mut self) {
        let deadline = Instant::now() + STOP;
        self.found.clear();
        self.spared.iter().for_each(|pid| self.found.skip(*pid));
        loop {
            let before = self.found.len();
            self.stop_children_of(self.root.pid());
            let mut next = 0;
            while let Some((process, _)) = self.found.get(next) {
                wait_until(|| sys::has_halted(process, 0), deadline);
                self.stop_children_of(process);
                next += 1;
            }
            if self.found.len() == before || Instant::now() > deadline {
                return;
            }
        }
    }

    fn stop_children_of(&mut self, parent: u32) {
        let Tree { root, caller, found, only_held, .. } = self;
        sys::every_child(parent, |child| {
            if child == *caller || found.contains(child) {
                return;
            }
            let Some(process) = Pinned::new(child, *only_held) else { return };
            let Some(status) = Status::of(child) else { return };
            if status.dead {
                // Until it is reaped it will be listed again, and there may be thousands.
                found.skip(child);
                return;
            }
            // Its parent may have died since it was listed; then the root has adopted it. If the root is there, it was
            // when the child was said to be its own.
            let of_root = status.parent == root.pid() && root.is_there();
            let of_parent = status.parent == parent && parent != root.pid();
            if (of_root || of_parent) && found.insert(child, status.start) {
                process.send(Signal::STOP);
            }
        });
    }

    /// Calls `act` for each that was found and is verified to be that one still; children before their parents, whose
    /// end might else have the kernel send them SIGHUP for being stopped.
    fn each(&mut self, mut act: impl FnMut(&Pinned)) {
        for next in (0..self.found.len()).rev() {
            let Some((pid, start)) = self.found.get(next) else { continue };
            let Some(process) = Pinned::new(pid, self.only_held) else { continue };
            let Some(status) = Status::of(pid) else { continue };
            let is_held = process.pidfd.is_some();
            let same_start = status.start == start;
            let parent_is_known = status.parent == self.root.pid() || self.found.contains(status.parent);
            // Without the root, its descendants have another parent: the process that adopts orphans.
            let is_ours = same_start && (parent_is_known || !self.root.is_there());
            if is_ours {
                if !status.dead && (is_held || status.halted) {
                    act(&process);
                }
            } else if !is_held {
                // The pid went to another process before it was stopped by its pid. That process goes on.
                process.send(Signal::CONT);
            }
        }
    }

    /// Waits for the processes that were found to die. Whether any did in a while.
    fn any_dies(&mut self) -> bool {
        let deadline = Instant::now() + DIE;
        let mut died = false;
        let mut next = 0;
        while let Some((pid, start)) = self.found.get(next) {
            next += 1;
            let is_dead = || Status::of(pid).map_or(true, |status| status.dead || status.start != start);
            died |= wait_until(is_dead, deadline);
        }
        died
    }
}

/// A process that cannot leave its number to another, where the kernel gives a descriptor for it.
pub(crate) struct Pinned {
    pid: u32,
    pidfd: Option<Pidfd>,
    only_held: bool,
}

impl Pinned {
    /// None if there is no such process, or if it has to be held by a pidfd and cannot be.
    pub(crate) fn new(pid: u32, only_held: bool) -> Option<Pinned> {
        let pidfd = Pidfd::open(pid).ok();
        if pidfd.is_none() {
            Some(()).filter(|()| !only_held)?;
            Status::of(pid)?;
        }
        Some(Pinned { pid, pidfd, only_held })
    }

    /// Whether it was sent.
    pub(crate) fn send(&self, signal: Signal) -> bool {
        match &self.pidfd {
            Some(pidfd) if pidfd.send_signal(signal).is_ok() => true,
            _ if self.only_held => false,
            // It may be refused, too. While it is not gone, the number is its own.
            Some(pidfd) if pidfd.is_gone_by(Some(Instant::now())).unwrap_or(true) => false,
            _ => sys::kill(self.pid, signal).is_ok(),
        }
    }
}

fn wait_until(is_so: impl Fn() -> bool, deadline: Instant) -> bool {
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        sys::nap(PAUSE);
    }
}
