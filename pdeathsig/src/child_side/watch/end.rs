//! What is done when a watched process has exited: the signal goes to the descendants, to the process group, and to
//! this process.
//!
//! Nothing here allocates, takes a lock, or opens anything except files in `/proc` and pidfds. Other threads may hold
//! any lock for ever.

use std::time::Instant;

use super::{Plan, Provisions};
use crate::platform::sys::{self, PidSet, Pidfd, Status};
use crate::platform::tree::{Pinned, Root, Tree};
use crate::Signal;

/// What remains to be done after the signal was sent.
pub(super) struct Asked {
    /// This process has not got the signal yet.
    pub(super) this_is_left: bool,
    _adopting: Option<Adopting>,
}

/// What the signal does to this process. That decides the order.
enum Effect {
    /// SIGKILL.
    Kills,
    /// A handler catches it, or it is ignored, or its default is harmless.
    Survives,
    /// It has no handler and terminates this process. No grace follows for others.
    Terminates,
    /// The same, but a grace follows for others. This process must live to kill them after it.
    TerminatesTooEarly,
}

impl Effect {
    fn of(plan: Plan) -> Effect {
        let others_have_a_grace = plan.grace.is_some() && (plan.process_group || plan.descendants);
        if plan.signal == Signal::KILL {
            Effect::Kills
        } else if !sys::ends_of(plan.signal) {
            Effect::Survives
        } else if others_have_a_grace {
            Effect::TerminatesTooEarly
        } else {
            Effect::Terminates
        }
    }
}

/// Sends the signal once to each descendant, to each group member, and to this process.
pub(super) fn ask(plan: Plan, mut provisions: Option<&mut Provisions>) -> Asked {
    let effect = Effect::of(plan);
    if let Effect::Kills = effect {
        kill(plan, provisions);
    }
    let adopting = provisions.as_ref().map(|_| Adopting::begin());
    let this_is_left = match effect {
        Effect::Survives => {
            ask_descendants(plan, &mut provisions);
            ask_group_and_this(plan, &mut provisions);
            false
        }
        Effect::Kills | Effect::Terminates => {
            ask_all_while_this_is_stopped(plan, &mut provisions);
            false
        }
        Effect::TerminatesTooEarly => ask_others_first(plan, &mut provisions),
    };
    Asked { this_is_left, _adopting: adopting }
}

/// For a signal that terminates this process. It is stopped until all the others have their signal, so that none of its
/// threads starts another process meanwhile.
fn ask_all_while_this_is_stopped(plan: Plan, provisions: &mut Option<&mut Provisions>) {
    match ask_from_outside(plan, provisions, This::Asked) {
        Reached::All => {}
        Reached::Descendants => ask_group_and_this(plan, provisions),
        Reached::None => {
            ask_descendants_from_within(plan, provisions);
            ask_group_and_this(plan, provisions);
        }
    }
}

/// For a signal that terminates this process before the grace of the others is over. True if others are left, so that
/// this process gets the signal later.
fn ask_others_first(plan: Plan, provisions: &mut Option<&mut Provisions>) -> bool {
    ask_descendants(plan, provisions);
    if plan.process_group {
        // A member that is missed here is killed after the grace.
        send_to_other_members(plan.signal, descendants(provisions));
    }
    if Others::of(plan).are_left() {
        return true;
    }
    ask_this_at_last(plan, provisions.as_deref_mut());
    false
}

/// Sends the signal to this process, and to every process that it has started since the others exited.
pub(super) fn ask_this_at_last(plan: Plan, mut provisions: Option<&mut Provisions>) {
    // A handler may have been installed since.
    let this = if sys::ends_of(plan.signal) { This::Asked } else { This::NotAsked };
    if let Reached::All = ask_from_outside(plan, &mut provisions, this) {
        return;
    }
    let this_got_it = plan.process_group && ask_group(plan.signal);
    if !this_got_it {
        ask_this(plan.signal);
    }
}

fn ask_descendants(plan: Plan, provisions: &mut Option<&mut Provisions>) {
    if let Reached::None = ask_from_outside(plan, provisions, This::NotAsked) {
        ask_descendants_from_within(plan, provisions);
    }
}

fn ask_descendants_from_within(plan: Plan, provisions: &mut Option<&mut Provisions>) {
    if let Some(pids) = descendants(provisions) {
        if sys::shows_this_pid_namespace() {
            Tree::below(&Root::This(sys::own_id()), pids).send(plan.signal);
        }
    }
}

/// Which processes have got the signal from a process outside this one.
enum Reached {
    None,
    Descendants,
    /// This process too, and its group if that was chosen.
    All,
}

/// Whether the process outside signals this process too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum This {
    Asked,
    NotAsked,
}

/// Sends the signal from a short-lived process outside this one. If this process exits meanwhile, that one goes on, so
/// no descendant stays stopped.
fn ask_from_outside(plan: Plan, provisions: &mut Option<&mut Provisions>, this: This) -> Reached {
    let mut reached = Reached::None;
    let Some(Provisions { pids, helper }) = provisions.as_deref_mut() else { return reached };
    let (own, watcher) = (sys::own_id(), sys::own_thread_id());
    let _ = helper.run(|| {
        let Some(root) = root_from_outside(own, watcher) else { return };
        if this == This::Asked {
            root.keep_stopped();
        }
        Tree::below(&root, pids).send(plan.signal);
        reached = Reached::Descendants;
        if this == This::Asked {
            if ask_root(plan, own, &root, pids) {
                reached = Reached::All;
                root.send_to_threads(plan.signal);
            }
            root.send(Signal::CONT);
        }
    });
    reached
}

/// In the process outside: signals the root, and its group if it leads one with members that did not get the signal
/// yet. Whether the root got it.
fn ask_root(plan: Plan, pid: u32, root: &Root, descendants: &mut PidSet) -> bool {
    let leads_group = plan.process_group && sys::group_of(pid) == Some(pid);
    if leads_group && may_have_other_members(pid, Some(descendants)) {
        let sent = sys::killpg(pid, plan.signal);
        if sent.is_ok() {
            return true;
        }
    }
    root.send(plan.signal)
}

/// Signals the group, if that was chosen and has members that did not get the signal as descendants, and this process.
fn ask_group_and_this(plan: Plan, provisions: &mut Option<&mut Provisions>) {
    let mut this_got_it = false;
    if plan.process_group {
        let descendants = descendants(provisions);
        if descendants.is_none() || may_have_other_members(sys::own_id(), descendants) {
            this_got_it = ask_group(plan.signal);
        }
    }
    if !this_got_it {
        ask_this(plan.signal);
    }
}

/// Signals the group that this process has made. Whether this process got the signal: it may have left the group.
fn ask_group(signal: Signal) -> bool {
    let own = sys::own_id();
    let sent = sys::killpg(own, signal);
    sent.is_ok() && sys::group_of(own) == Some(own)
}

fn ask_this(signal: Signal) {
    let sent = sys::kill(sys::own_id(), signal);
    if sent.is_err() {
        // A sandbox refuses every signal. To live on would be wrong.
        sys::exit(128 + signal.as_raw());
    }
}

fn descendants<'a>(provisions: &'a mut Option<&mut Provisions>) -> Option<&'a mut PidSet> {
    provisions.as_deref_mut().map(|provisions| &mut provisions.pids)
}

/// A look at the others during a grace: whether one of them is left.
pub(super) struct Others {
    plan: Plan,
    /// The one that was found last. As long as it is left, no other is looked for.
    found: Option<u32>,
    /// The next search may begin then.
    next_search: Instant,
}

/// What a search has found.
enum Left {
    One(u32),
    None,
    /// `/proc` does not show the group.
    Unknown,
}

/// A search takes at most one of so many parts of the time.
const SEARCHES: u32 = 20;

impl Others {
    pub(super) fn of(plan: Plan) -> Others {
        Others { plan, found: None, next_search: Instant::now() }
    }

    /// Whether one is left. Until the next search it is assumed.
    pub(super) fn are_left(&mut self) -> bool {
        if self.found.is_some_and(|process| self.is_one(process)) {
            return true;
        }
        self.found = None;
        let begin = Instant::now();
        if begin < self.next_search {
            return true;
        }
        let left = self.search();
        self.next_search = Instant::now() + begin.elapsed() * SEARCHES;
        if let Left::One(process) = left {
            self.found = Some(process);
        }
        !matches!(left, Left::None)
    }

    fn is_one(&self, process: u32) -> bool {
        let own = sys::own_id();
        let descends = self.plan.descendants && is_living_child(own, process);
        descends || self.plan.process_group && is_other_member(own, process, &mut None)
    }

    fn search(&self) -> Left {
        let own = sys::own_id();
        let group = self.plan.process_group;
        // In the `/proc` of another pid namespace, these numbers are those of other processes.
        if !sys::shows_this_pid_namespace() {
            return if group { Left::Unknown } else { Left::None };
        }
        let mut left = Left::None;
        if self.plan.descendants {
            // Orphans come to this process meanwhile. So if a descendant is left, one is a child.
            sys::every_child(own, |child| {
                if is_living_child(own, child) {
                    left = Left::One(child);
                }
            });
        }
        if group && matches!(left, Left::None) {
            let searched = sys::every_process(|process| {
                if is_other_member(own, process, &mut None) {
                    left = Left::One(process);
                }
                matches!(left, Left::None)
            });
            if searched.is_err() {
                left = Left::Unknown;
            }
        }
        left
    }
}

fn is_living_child(parent: u32, process: u32) -> bool {
    Status::of(process).is_some_and(|status| status.parent == parent && !status.dead)
}

/// Whether the group has members besides its leader and the `known` processes. True where that cannot be seen.
fn may_have_other_members(leader: u32, mut known: Option<&mut PidSet>) -> bool {
    if !sys::shows_this_pid_namespace() {
        return true;
    }
    let mut found = false;
    let searched = sys::every_process(|process| {
        found = is_other_member(leader, process, &mut known);
        !found
    });
    found || searched.is_err()
}

fn send_to_other_members(signal: Signal, mut known: Option<&mut PidSet>) {
    let leader = sys::own_id();
    if !sys::shows_this_pid_namespace() {
        return;
    }
    let _ = sys::every_process(|process| {
        if is_other_member(leader, process, &mut known) {
            if let Some(pinned) = Pinned::new(process, false) {
                // Its number may have been reused before it was pinned.
                if is_other_member(leader, process, &mut known) {
                    pinned.send(signal);
                }
            }
        }
        true
    });
}

fn is_other_member(leader: u32, process: u32, known: &mut Option<&mut PidSet>) -> bool {
    // The caller may be a process outside, and a member itself.
    if process == leader || process == sys::own_id() {
        return false;
    }
    // This is much faster than a look at `/proc`, and rules out most processes. A sandbox may refuse it.
    if sys::group_of(process).is_some_and(|group| group != leader) {
        return false;
    }
    let lives_in_group = |status: Status| status.group == leader && !status.dead;
    let is_known = known.as_mut().is_some_and(|known| known.contains(process));
    !is_known && Status::of(process).is_some_and(lives_in_group)
}

/// Sends SIGKILL to every process that is left, this one last.
pub(super) fn kill(plan: Plan, provisions: Option<&mut Provisions>) -> ! {
    let own = sys::own_id();
    if let Some(Provisions { pids, helper }) = provisions {
        let _adopting = Adopting::begin();
        // Descendants that die may have the kernel send SIGHUP to this process.
        sys::ignore_signals();
        let watcher = sys::own_thread_id();
        // If there can be no process outside, this thread does it. A process that another thread starts in the last
        // moment is missed then.
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

/// In the process outside: its parent, whose descendants are meant. None in another pid namespace, where the number is
/// that of another process, and where `/proc` hides the parent, as it may do after a change of user.
fn root_from_outside(pid: u32, asleep: u32) -> Option<Root> {
    let pidfd = Pidfd::open(pid).ok()?;
    let is_parent = sys::parent_id().ok() == Some(pid) && sys::shows_this_pid_namespace();
    (is_parent && Status::of(pid).is_some()).then_some(Root::Other { pid, pidfd, asleep })
}

/// In the process outside: stops the root, so that none of its threads starts another process meanwhile, and kills all.
fn kill_from_outside(plan: Plan, pid: u32, root: &Root, pids: &mut PidSet) {
    root.keep_stopped();
    Tree::below(root, pids).kill();
    if plan.process_group {
        // The root dies with it, if it leads the group still. The number is the group's as long as the root is a
        // member.
        let _ = sys::killpg(pid, Signal::KILL);
    }
    root.send(Signal::KILL);
}

/// As long as this exists, orphaned descendants become children of this process.
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
