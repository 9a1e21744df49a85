//! The end of a tree: of all that is below the calling process, which adopts orphans.
//!
//! The proof of it is that the process has no child left (`ECHILD`). Everything that is orphaned below it becomes its
//! child. To walk through `/proc` is faster where processes fork while they are killed. Where `/proc` is missing, or
//! hides processes, the children alone are killed, then those that become children by that, until there are none.

use std::fmt::{self, Display};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::platform::sys::{self, End, Of, PidSet, SignalFd, What};
use crate::platform::tree::{Root, Tree, LONGEST_ROUND};
use crate::Signal;

/// After so long without a death, those that are left are given up. The time that it takes to find them does not count.
const GIVE_UP: Duration = Duration::from_secs(5);
/// How long to wait for the next death before the children are looked at again.
const LOOK: Duration = Duration::from_millis(50);
/// So often the children alone are killed, then those that become children by that. This is all that most trees need.
/// Then the tree is walked through: its processes may fork as fast as they are killed.
const ROUNDS: u32 = 8;
/// The default of `kernel.pid_max` with up to 32 processors. systemd raises it.
const USUAL_LIMIT: u32 = 32_768;
/// So many processes are named.
const NAMED: usize = 20;

/// What could not be killed.
pub(super) enum Remains {
    Nothing,
    Some(Unkillable),
}

/// Pids and names.
pub(super) struct Unkillable(String);

impl Display for Unkillable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unkillable(which) = self;
        write!(f, "cannot kill {which}: each runs as another user, sleeps in the kernel or is frozen. Kill it as root")
    }
}

/// Sends each process of the tree a signal, once.
pub(super) fn send(signal: Signal) {
    let memory = PidSet::new();
    if let (true, Ok(mut memory)) = (sys::shows_this_pid_namespace(), memory) {
        Tree::below(&Root::This(sys::own_id()), &mut memory).only_held().send(signal);
        return;
    }
    for child in children_beside(&[]) {
        let _ = sys::kill(child, signal);
        let _ = sys::kill(child, Signal::CONT);
    }
}

/// Kills until the process has no child left but those that are spared. `ended` is told of each child before it is
/// reaped.
pub(super) fn kill_tree(spared: &[u32], signals: &SignalFd, mut ended: impl FnMut(u32, End)) -> Remains {
    let root = Root::This(sys::own_id());
    let mut memory = if sys::shows_this_pid_namespace() { PidSet::new().ok() } else { None };
    let mut search = Search { spared, time: Duration::ZERO };
    let mut without_death = Duration::ZERO;
    for round in 0_u32.. {
        let mut begin = Instant::now();
        search.time = Duration::ZERO;
        match reap(&mut search, &mut ended) {
            None => break,
            Some(0) if without_death > GIVE_UP && round > ROUNDS => return Remains::Some(Unkillable(list())),
            Some(0) => {}
            Some(_) => without_death = Duration::ZERO,
        }
        if let Some(memory) = memory.as_mut().filter(|_| round >= ROUNDS) {
            Tree::below(&root, memory).sparing(spared).only_held().strike();
        }
        let children = search.children();
        for child in &children {
            // Its pid is its own until it is reaped here.
            let _ = sys::kill(*child, Signal::KILL);
        }
        let mut dying = children.len();
        // Signals that other processes send do not keep it here.
        let until = Instant::now() + 10 * LOOK;
        while dying > 0 && Instant::now() < until && sys::poll(&[signals.as_fd()], Some(LOOK)).contains(&true) {
            while signals.next().is_some() {}
            let Some(reaped) = reap(&mut search, &mut ended) else { return Remains::Nothing };
            if reaped > 0 {
                (without_death, search.time, begin) = (Duration::ZERO, Duration::ZERO, Instant::now());
            }
            dying = dying.saturating_sub(reaped);
        }
        without_death += begin.elapsed().saturating_sub(search.time).min(LONGEST_ROUND);
    }
    Remains::Nothing
}

/// For children that are not spared.
struct Search<'a> {
    spared: &'a [u32],
    /// What it has taken in this round.
    time: Duration,
}

impl Search<'_> {
    fn children(&mut self) -> Vec<u32> {
        let begin = Instant::now();
        let children = children_beside(self.spared);
        if !children.is_empty() {
            self.time += begin.elapsed();
        }
        children
    }
}

/// How many children were reaped; none if no child is left but those that are spared.
fn reap(search: &mut Search<'_>, ended: &mut impl FnMut(u32, End)) -> Option<usize> {
    let mut reaped = 0;
    let mut one = |of| {
        let change = sys::peek_end(of)?;
        if let Some(change) = change {
            if let What::Ended(end) = change.what {
                ended(change.pid, end);
            }
            sys::take(change);
            reaped += 1;
        }
        std::io::Result::Ok(change.is_some())
    };
    if search.spared.is_empty() {
        loop {
            match one(Of::All) {
                Ok(true) => {}
                Ok(false) => return Some(reaped),
                Err(_) => return None,
            }
        }
    }
    // One that is spared may be dead and not reaped, and would be answered for ever. A child stays one until it is
    // reaped here, so a list without others says that there are none.
    let others = search.children();
    if others.is_empty() {
        return None;
    }
    for child in others {
        let _ = one(Of::One(child));
    }
    Some(reaped)
}

/// The children of this process, dead ones included. Without `/proc` every pid is tried.
pub(super) fn own_children() -> Vec<u32> {
    children_until(|_| false)
}

/// Those that are not spared. Without `/proc` it may be a part of them: none only if there is none.
fn children_beside(spared: &[u32]) -> Vec<u32> {
    let is_other = |child: &u32| !spared.contains(child);
    let mut children = children_until(|found| found.iter().any(is_other));
    children.retain(is_other);
    children
}

/// Children, all of them unless so many are enough.
fn children_until(are_enough: impl Fn(&[u32]) -> bool) -> Vec<u32> {
    let mut children = Vec::new();
    if sys::has_no_child() {
        return children;
    }
    if sys::shows_this_pid_namespace() {
        sys::every_child(sys::own_id(), |child| children.push(child));
    }
    if children.is_empty() {
        // Not every kernel lists them, and `/proc` may be missing. Pids are given out upwards, so few are above the
        // newest one, and then mostly below the usual limit.
        let newest = sys::newest_pid().unwrap_or(0);
        let mut tried = 0;
        for last in [newest, USUAL_LIMIT, sys::largest_pid()] {
            children.extend((tried + 1..=last).filter(|pid| sys::is_child(*pid)));
            if are_enough(&children) {
                break;
            }
            tried = tried.max(last);
        }
    }
    children
}

/// The tree's processes as text, as far as `/proc` shows them.
pub(super) fn list() -> String {
    let mut found = children_beside(&[]);
    let mut next = 0;
    let named = sys::shows_this_pid_namespace();
    while let Some(process) = found.get(next).copied().filter(|_| named && found.len() <= NAMED) {
        sys::every_child(process, |child| found.push(child));
        next += 1;
    }
    let name = |pid: &u32| match sys::name_of(*pid).filter(|_| named) {
        Some(name) => format!("{pid} ({name})"),
        None => pid.to_string(),
    };
    let mut list: Vec<String> = found.iter().take(NAMED).map(name).collect();
    if found.len() > NAMED {
        list.push("others".into());
    }
    list.join(", ")
}
