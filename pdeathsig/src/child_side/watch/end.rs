//! What is done when the parent is gone: to descendants first, then to the process group, then to this process.
//!
//! Nothing here allocates, takes a lock or opens what was not set aside, but for files in `/proc`: other threads may hold any
//! lock for ever.

use super::{Plan, Provisions};
use crate::platform::sys::{self, PidSet, Pidfd, Status};
use crate::platform::tree::{has_descendants, Pinned, Root, Tree};
use crate::Signal;

/// What remains to be done when the others have been asked to end.
pub(super) struct Asked {
    /// This process has not been asked.
    pub(super) not_this: bool,
    _adopting: Option<Adopting>,
}

/// Sends the signal once to each descendant and group member, and to this process; but not to this process if it would end of it
/// before the grace of the others is over, and nobody would be there to see to that.
pub(super) fn ask(plan: Plan, mut provisions: Option<&mut Provisions>) -> Asked {
    if plan.signal == Signal::KILL {
        kill(plan, provisions);
    }
    let own = sys::own_id();
    let ends = sys::ends_of(plan.signal);
    let this_last = plan.grace.is_some() && (plan.process_group || plan.descendants) && ends;
    let adopting = provisions.as_ref().map(|_| Adopting::begin());
    if let Some(provisions) = provisions.as_mut() {
        match ask_from_outside(plan, provisions, ends && !this_last) {
            Reached::Everybody => return Asked { not_this: false, _adopting: adopting },
            Reached::Nobody if sys::shows_this_pid_namespace() => {
                Tree::below(&Root::This(own), &mut provisions.pids).send(plan.signal);
            }
            Reached::Descendants | Reached::Nobody => {}
        }
    }

    let mut asked = false;
    if plan.process_group {
        let descendants = provisions.as_mut().map(|provisions| &mut provisions.pids);
        if this_last {
            // Whoever is missed is left when the grace is over.
            send_to_other_members(own, descendants, plan.signal);
        } else if descendants.is_none() || has_other_members(own, descendants) {
            let sent = sys::killpg(own, plan.signal);
            asked = sent.is_ok() && sys::group_of(own) == Some(own);
        }
    }
    let not_this = this_last && others_are_left(plan);
    if this_last && !not_this {
        ask_this_at_last(plan, provisions);
    } else if !asked && !not_this {
        ask_this(plan);
    }
    Asked { not_this, _adopting: adopting }
}

/// Whom a process of its own has sent the signal.
enum Reached {
    Nobody,
    Descendants,
    /// This process, too, and its group if that was asked for.
    Everybody,
}

/// In a process of its own, which does not end when this one does: nobody is to stay stopped. If this one ends of the signal, it is
/// stopped meanwhile, so that no thread of it starts another process after the last look.
fn ask_from_outside(plan: Plan, Provisions { pids, helper }: &mut Provisions, with_this: bool) -> Reached {
    let (own, watcher) = (sys::own_id(), sys::own_thread_id());
    let mut reached = Reached::Nobody;
    let _ = helper.run(|| {
        let Some(root) = root_from_outside(own, watcher) else { return };
        if with_this {
            root.keep_stopped();
        }
        Tree::below(&root, pids).send(plan.signal);
        reached = Reached::Descendants;
        if with_this {
            let of_group = plan.process_group && sys::group_of(own) == Some(own);
            let to_group = of_group && has_other_members(own, Some(pids));
            if to_group && sys::killpg(own, plan.signal).is_ok() || root.send(plan.signal) {
                reached = Reached::Everybody;
                root.send_to_threads(plan.signal);
            }
            root.send(Signal::CONT);
        }
    });
    reached
}

/// Asks this process, and whoever it has started since the others have ended.
pub(super) fn ask_this_at_last(plan: Plan, provisions: Option<&mut Provisions>) {
    let reached = provisions.map(|provisions| ask_from_outside(plan, provisions, sys::ends_of(plan.signal)));
    if let Some(Reached::Everybody) = reached {
        return;
    }
    let own = sys::own_id();
    let asked = plan.process_group && sys::killpg(own, plan.signal).is_ok();
    if !(asked && sys::group_of(own) == Some(own)) {
        ask_this(plan);
    }
}

fn ask_this(plan: Plan) {
    if sys::kill(sys::own_id(), plan.signal).is_err() {
        // A sandbox that lets nobody be signalled. There is nobody to tell either, and to live on would be wrong.
        sys::exit(128 + plan.signal.as_raw());
    }
}

/// Whether anybody but this process is left, as far as it can be told.
pub(super) fn others_are_left(plan: Plan) -> bool {
    let own = sys::own_id();
    // In a `/proc` of another pid namespace the number is a stranger's.
    let descendants = plan.descendants && sys::shows_this_pid_namespace() && has_descendants(own);
    descendants || plan.process_group && has_other_members(own, None)
}

/// Whether the group has members but its leader and `known` ones; so it is where that cannot be seen.
fn has_other_members(leader: u32, mut known: Option<&mut PidSet>) -> bool {
    let mut one_lives = false;
    let looked = sys::every_process(|process| {
        one_lives = is_other_member(leader, process, &mut known);
        !one_lives
    });
    one_lives || looked.is_err() || !sys::shows_this_pid_namespace()
}

fn send_to_other_members(leader: u32, mut known: Option<&mut PidSet>, signal: Signal) {
    if !sys::shows_this_pid_namespace() {
        return;
    }
    let _ = sys::every_process(|process| {
        if is_other_member(leader, process, &mut known) {
            let pinned = Pinned::new(process, false).filter(|_| is_other_member(leader, process, &mut known));
            pinned.map(|process| process.send(signal));
        }
        true
    });
}

fn is_other_member(leader: u32, process: u32, known: &mut Option<&mut PidSet>) -> bool {
    let lives_in_group = |status: Status| status.group == leader && !status.dead;
    // Who asks may be a member itself, in a process of its own.
    process != leader
        && process != sys::own_id()
        && Status::of(process).is_some_and(lives_in_group)
        && !known.as_mut().is_some_and(|known| known.contains(process))
}

/// SIGKILL to whoever is left, this process last.
pub(super) fn kill(plan: Plan, provisions: Option<&mut Provisions>) -> ! {
    let own = sys::own_id();
    if let Some(Provisions { pids, helper }) = provisions {
        let _adopting = Adopting::begin();
        // Descendants that die may have the kernel send SIGHUP to this process.
        sys::ignore_signals();
        let watcher = sys::own_thread_id();
        // If there cannot be one, from within: then a process that another thread starts in the last moment is missed.
        let _ = helper.run(|| {
            if let Some(root) = root_from_outside(own, watcher) {
                kill_from_outside(plan, own, &root, pids);
            }
        });
        if sys::shows_this_pid_namespace() {
            Tree::below(&Root::This(own), pids).kill();
        }
    }
    if plan.process_group {
        let _ = sys::killpg(own, Signal::KILL);
    }
    let _ = sys::kill(own, Signal::KILL);
    sys::exit(128 + Signal::KILL.as_raw());
}

/// In a process of its own: the parent, whose descendants are to be ended. None in another pid namespace, where the number is
/// somebody else's, and where `/proc` hides it, as it may hide one that has changed its user from all but itself.
fn root_from_outside(pid: u32, asleep: u32) -> Option<Root> {
    let pidfd = Pidfd::open(pid).ok()?;
    let is_parent = sys::parent_id().ok() == Some(pid) && sys::shows_this_pid_namespace();
    (is_parent && Status::of(pid).is_some()).then_some(Root::Other { pid, pidfd, asleep })
}

/// In a process of its own: stops the one that is to end, so that no thread of it starts another process meanwhile, and kills all.
fn kill_from_outside(plan: Plan, pid: u32, root: &Root, pids: &mut PidSet) {
    root.keep_stopped();
    Tree::below(root, pids).kill();
    if plan.process_group {
        // And this process with it, if that leads it still. The number is the group's for as long as this process is a member.
        let _ = sys::killpg(pid, Signal::KILL);
    }
    root.send(Signal::KILL);
}

/// While it lasts, orphans among the descendants come to this process.
pub(super) struct Adopting {
    before: bool,
}

impl Adopting {
    fn begin() -> Adopting {
        let before = sys::is_subreaper().unwrap_or(true);
        let _ = sys::set_subreaper(true);
        Adopting { before }
    }
}

impl Drop for Adopting {
    fn drop(&mut self) {
        if !self.before {
            let _ = sys::set_subreaper(false);
        }
    }
}
