//! The process groups of a tether.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;
use std::mem;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::sys::{self, Anchor, Form, HangUp, Incarnation, Pairs, Pidfd, Status};
use crate::target;
use crate::{Error, ShutdownOutcome, Signal};

/// While this process has fewer groups, each command gets one of its own.
const GROUPS: usize = 32;

/// The commands of a shared group, at most: the kernel walks through the whole group whenever a member exits. Measured
/// with 32, 64, 128 and 256, the death of a thousand or ten thousand children takes the least time for each with 64 and
/// 128, a tenth to a quarter more with the others.
const COMMANDS: usize = 128;

/// With fewer groups of commands, it is not asked whether one is empty.
const SWEEP: usize = 8;

/// The least time between two looks at all processes. A command that was tethered less than this ago may not be spawned
/// yet.
const PAUSE: Duration = Duration::from_secs(1);

/// How often it is asked whether a member that lives has left its group.
const LOOK: Duration = Duration::from_millis(50);

/// The groups of this process, over all tethers.
static LIVE: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
pub(crate) struct Groups {
    signal: Signal,
    owner: Incarnation,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    entries: Vec<Entry>,
    sweep_at: usize,
    next_sweep: Instant,
    /// A new group was refused then.
    refused: Option<Instant>,
}

/// A group, and what the tether uses it for.
#[derive(Debug)]
struct Entry {
    group: Arc<Group>,
    place: Place,
    /// The commands that were told to join it, as far as they may live.
    commands: usize,
    /// When the last one was told.
    told: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Commands join it.
    Open,
    /// A shutdown ends it, so no command joins it any more.
    Closed,
    /// It belongs to a child that made it.
    Attached,
}

#[derive(Debug)]
struct Group {
    // Closed before the anchor is reaped, so that the number is the group's to the end.
    hang_up: HangUp,
    id: u32,
    hold: Hold,
}

/// How the group is told from another one that gets its number later.
#[derive(Debug)]
enum Hold {
    /// A member that keeps the number.
    Anchor(Anchor),
    /// In another session, which no anchor can join: the group's leader, if it could be pinned.
    Leader(Option<Pidfd>),
}

impl Group {
    /// A new one, without members. With `spare`, also if few descriptors may be in flight.
    fn new(signal: Signal, spare: bool) -> Result<Group, Error> {
        let pairs = Pairs::new()?;
        let mut packed = Ok(());
        let anchor = Anchor::new(None, || packed = pairs.pack())?;
        let (pairs, form) = or_open(pairs, packed, spare)?;
        pairs.set_group(anchor.id())?;
        Ok(Group::of(pairs.arm(signal, form)?, anchor.id(), Hold::Anchor(anchor)))
    }

    /// That of a child which leads it, and which `is_still_there` says was not waited for.
    fn of_child(
        leader: u32,
        signal: Signal,
        process: Option<Pidfd>,
        is_still_there: impl Fn(Option<&Pidfd>) -> io::Result<()>,
    ) -> io::Result<Group> {
        let pairs = Pairs::new()?;
        let mut packed = Ok(());
        let in_this_session = sys::session_of(leader) == sys::session_of(0);
        let anchor = if in_this_session {
            Some(Anchor::new(Some(leader), || packed = pairs.pack())?)
        } else {
            drop(Anchor::run(|| packed = pairs.pack())?);
            None
        };
        let (pairs, form) = or_open(pairs, packed, true)?;
        pairs.set_group(leader)?;
        // The anchor and the pairs took the group by its number. If the child is there, the number is its own, and was
        // all the time.
        is_still_there(process.as_ref())?;
        let hold = anchor.map_or(Hold::Leader(process), Hold::Anchor);
        Ok(Group::of(pairs.arm(signal, form)?, leader, hold))
    }

    fn of(hang_up: HangUp, id: u32, hold: Hold) -> Group {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Group { hang_up, id, hold }
    }

    /// Whether it has any member, zombies and the anchor included, so that the number is its own.
    fn exists(&self) -> bool {
        match (self.hang_up.group(), &self.hold) {
            (Ok(group), _) => group == Some(self.id),
            (Err(_), Hold::Anchor(anchor)) => anchor.is_there(),
            (Err(_), Hold::Leader(leader)) => {
                leader.as_ref().is_some_and(|leader| leader.send_signal_to_group(None).is_ok())
            }
        }
    }

    /// Whether the anchor is there, so that the number stays its own.
    fn is_anchored(&self) -> bool {
        matches!(&self.hold, Hold::Anchor(anchor) if self.exists() && anchor.is_there())
    }

    fn anchor_id(&self) -> Option<u32> {
        match &self.hold {
            Hold::Anchor(anchor) => Some(anchor.id()),
            Hold::Leader(_) => None,
        }
    }

    /// Whether the group of a child is empty for good. Nothing can join it then.
    fn has_no_member_but_its_anchor(&self) -> bool {
        let Hold::Anchor(anchor) = &self.hold else { return !self.exists() };
        // The kernel tells whether a group is empty. So the anchor leaves it, and comes back if it is not. A group that
        // is empty cannot be joined again, and if its number was reused meanwhile, `exists` tells that it is
        // another one.
        let Some(own) = sys::group_of(0) else { return false };
        anchor.move_to(own).is_ok() && (!self.exists() || anchor.move_to(self.id).is_err() || !self.exists())
    }

    fn send(&self, signal: Signal) -> io::Result<()> {
        let (call, sent) = match &self.hold {
            Hold::Anchor(_) => ("kill(2) on a process group", sys::killpg(self.id, signal)),
            Hold::Leader(Some(leader)) => ("pidfd_send_signal(2)", leader.send_signal_to_group(Some(signal))),
            Hold::Leader(None) => ("pidfd_send_signal(2)", Err(io::Error::from_raw_os_error(libc::ENOSYS))),
        };
        let Err(source) = sent else { return Ok(()) };
        match (&self.hold, source.raw_os_error()) {
            // No member is left.
            (_, Some(libc::ESRCH)) => Ok(()),
            _ if !self.exists() => Ok(()),
            // The kernel does not know the flag, or the call.
            (Hold::Leader(_), Some(libc::EINVAL | libc::ENOSYS)) => Err(needs_newer_kernel(self.id)),
            _ => Err(Error::Os { call, source }.into()),
        }
    }
}

/// These pairs if they were packed; with `spare`, others that stay open if too many descriptors are in flight.
fn or_open(pairs: Pairs, packed: io::Result<()>, spare: bool) -> Result<(Pairs, Form), Error> {
    match packed {
        Ok(()) => Ok((pairs, Form::Packed)),
        Err(error) if spare && error.raw_os_error() == Some(libc::ETOOMANYREFS) => {
            // Some of them may be packed.
            drop(pairs);
            Ok((Pairs::new()?, Form::Open))
        }
        Err(source) => Err(Error::Os { call: "sendmsg(SCM_RIGHTS)", source }),
    }
}

fn needs_newer_kernel(group: u32) -> io::Error {
    let message = format!(
        "process group {group} is in another session, and this kernel cannot signal it safely (that needs Linux 6.9): drop the tether to signal it"
    );
    io::Error::new(io::ErrorKind::Unsupported, message)
}

impl Drop for Group {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        if let Hold::Anchor(anchor) = &mut self.hold {
            if !anchor.is_there() {
                anchor.forget();
            }
        }
    }
}

impl target::Groups for Groups {
    fn new(signal: Signal) -> Result<Groups, Error> {
        let first = Entry::new(Group::new(signal, true)?, Place::Open);
        let state = State { entries: vec![first], sweep_at: SWEEP, next_sweep: Instant::now(), refused: None };
        Ok(Groups { signal, owner: Incarnation::current(), state: Mutex::new(state) })
    }

    fn check_owner(&self) -> io::Result<()> {
        if self.owner.is_current() {
            return Ok(());
        }
        let message = format!(
            "this tether belongs to process {}, and this is process {}, a fork of it: make a tether in this process",
            self.owner.id(),
            process::id(),
        );
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }

    fn next(&self) -> io::Result<u32> {
        self.check_owner()?;
        Ok(self.state().next(self.signal)?)
    }

    fn attach(&self, leader: u32) -> io::Result<()> {
        self.check_owner()?;
        if self.existing().iter().any(|group| group.id == leader) {
            return Ok(());
        }
        if let Some(reason) = unfit_number(leader) {
            return Err(invalid(format!("process {leader} cannot be attached: {reason}")));
        }
        // Pinned before all questions, so that they are about this process.
        let process = Pidfd::open(leader).ok();
        let is_still_there = |process: Option<&Pidfd>| {
            if sys::is_unreaped_child(leader)? && process.and_then(Pidfd::was_reaped) != Some(true) {
                return Ok(());
            }
            Err(invalid(match sys::group_of(leader) {
                Some(_) => format!("process {leader} is not a child of this process: attach a child that this process spawned"),
                None => format!("process {leader} was waited for, or never was a child of this process: attach a child before you wait for it"),
            }))
        };
        is_still_there(process.as_ref())?;
        match sys::group_of(leader) {
            Some(group) if group == leader => {}
            group => {
                let group = group.map_or_else(String::new, |group| format!(", but is in group {group}"));
                return Err(invalid(format!(
                    "the child {leader} does not lead a process group{group}: spawn it with `process_group(0)` or `setsid`, or use \
                     `CommandExt::tether` instead"
                )));
            }
        }
        let group = Group::of_child(leader, self.signal, process, is_still_there)?;
        let mut state = self.state();
        state.prune();
        state.entries.push(Entry::new(group, Place::Attached));
        Ok(())
    }

    fn contains(&self, process: u32) -> bool {
        // For getpgid(2), 0 is the caller.
        if process == 0 || self.check_owner().is_err() {
            return false;
        }
        let Some(group) = sys::group_of(process) else { return false };
        let is_its_group = |candidate: &Arc<Group>| candidate.id == group && candidate.anchor_id() != Some(process);
        self.existing().iter().any(is_its_group) && sys::group_of(process) == Some(group)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        self.check_owner()?;
        send_all(&self.existing(), signal)
    }

    fn have_exited_by(&self, deadline: Option<Instant>) -> io::Result<bool> {
        self.check_owner()?;
        have_exited_by(&self.existing(), deadline)
    }

    fn shutdown(&self, signal: Signal, deadline: Option<Instant>) -> io::Result<ShutdownOutcome> {
        self.check_owner()?;
        let groups = self.close_all();
        let asked = send_all(&groups, signal);
        // A stopped process does not act on a signal.
        let continued = send_all(&groups, Signal::CONT);
        let exited = have_exited_by(&groups, deadline).or_else(|_| wait_out(deadline));
        // Also when all have exited: a process that forks and exits without end evades every look.
        let killed = end_all(&groups, Signal::KILL);
        self.state().entries.retain(|entry| !groups.iter().any(|group| Arc::ptr_eq(group, &entry.group)));
        let exited = asked.and(continued).and(exited)?;
        killed.map(|()| if exited { ShutdownOutcome::Exited } else { ShutdownOutcome::Killed })
    }

    fn release(&self) -> io::Result<()> {
        self.check_owner()?;
        let entries = mem::take(&mut self.state().entries);
        let released = entries.iter().map(|entry| entry.group.hang_up.disarm()).fold(Ok(()), io::Result::and);
        released.map_err(|source| {
            // To close them would signal the members.
            mem::forget(entries);
            Error::Os { call: "recvmsg(MSG_PEEK)", source }.into()
        })
    }
}

/// Signals every member. In a fork of the owner, nothing is signalled.
impl Drop for Groups {
    fn drop(&mut self) {
        // To close the groups is not enough: a fork, or a command on its way to exec, may have copies of what is
        // closed.
        if self.owner.is_current() {
            let _ = end_all(&self.existing(), self.signal);
        }
    }
}

impl Groups {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it is ever half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The groups there are. They stay while this is held.
    fn existing(&self) -> Vec<Arc<Group>> {
        let groups: Vec<_> = self.state().entries.iter().map(|entry| Arc::clone(&entry.group)).collect();
        groups.into_iter().filter(|group| group.exists()).collect()
    }

    /// The same, and no command joins one of them any more.
    fn close_all(&self) -> Vec<Arc<Group>> {
        let mut state = self.state();
        let close = |entry: &mut Entry| {
            entry.place = Place::Closed;
            Arc::clone(&entry.group)
        };
        state.entries.iter_mut().map(close).collect()
    }
}

/// Why a number cannot be that of a child's group.
fn unfit_number(leader: u32) -> Option<&'static str> {
    match leader {
        0 => Some("0 stands for the caller: pass the child's id"),
        1 => Some("it is the init process: pass the child's id"),
        id if id == process::id() => {
            Some("it is the calling process, whose group would be signalled: pass the child's id")
        }
        id if i32::try_from(id).is_err() => Some("no process has such a number: pass the child's id"),
        _ => None,
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

impl Entry {
    fn new(group: Group, place: Place) -> Entry {
        Entry { group: Arc::new(group), place, commands: 0, told: Instant::now() }
    }

    /// Not if this process has made a session since: a group does not reach from one session into another.
    fn can_be_joined(&self) -> bool {
        self.place == Place::Open && self.group.is_anchored() && sys::session_of(self.group.id) == sys::session_of(0)
    }

    fn is_empty(&self) -> bool {
        self.place == Place::Open && self.commands == 0
    }

    fn has_room(&self) -> bool {
        self.place == Place::Open && self.commands < COMMANDS
    }

    /// One more command joins it.
    fn join(&mut self) -> u32 {
        self.commands += 1;
        self.told = Instant::now();
        self.group.id
    }
}

impl State {
    /// The group that the next command joins: an empty one; a new one if this process may have one more; or one that
    /// others are in.
    fn next(&mut self, signal: Signal) -> Result<u32, Error> {
        if self.sweep_is_due() && !self.entries.iter().any(Entry::is_empty) {
            self.sweep();
        }
        let best = self.best();
        let best_is_empty = best.and_then(|place| self.entries.get(place)).is_some_and(Entry::is_empty);
        let one_more = LIVE.load(Ordering::Relaxed) < GROUPS || !self.entries.iter().any(Entry::has_room);
        let was_refused = self.refused.is_some_and(|then| then.elapsed() < PAUSE);
        if best.is_none() || (one_more && !best_is_empty && !was_refused) {
            match Group::new(signal, best.is_none()) {
                Ok(group) => {
                    let mut entry = Entry::new(group, Place::Open);
                    let id = entry.join();
                    self.entries.push(entry);
                    return Ok(id);
                }
                Err(error) if best.is_none() => return Err(error),
                // Without another group, the command shares one: better than no protection.
                Err(_) => self.refused = Some(Instant::now()),
            }
        }
        let taken = || Error::Os { call: "waitid(WNOWAIT)", source: io::Error::from_raw_os_error(libc::ECHILD) };
        best.and_then(|place| self.entries.get_mut(place)).map(Entry::join).ok_or_else(taken)
    }

    /// The place of the best group that can be joined: an empty one; or the fullest one that has room, so that as few
    /// commands as possible share a group; or, without room, the emptiest one. Among equals, the one that was
    /// joined last: its command is the most likely to have exited.
    fn best(&self) -> Option<usize> {
        let rank = |entry: &Entry| match entry.commands {
            0 => (0, 0, Reverse(entry.told)),
            commands if commands < COMMANDS => (1, COMMANDS - commands, Reverse(entry.told)),
            commands => (2, commands, Reverse(entry.told)),
        };
        let mut ranked: Vec<_> = self.entries.iter().enumerate().collect();
        ranked.sort_by_key(|(_, entry)| rank(entry));
        // Whether it can be joined takes a few system calls, so it is asked last.
        ranked.into_iter().find(|(_, entry)| entry.can_be_joined()).map(|(place, _)| place)
    }

    fn sweep_is_due(&self) -> bool {
        let open = self.entries.iter().filter(|entry| entry.place == Place::Open).count();
        (open >= self.sweep_at || LIVE.load(Ordering::Relaxed) >= GROUPS) && Instant::now() >= self.next_sweep
    }

    /// Counts the members of each group. This looks at every process there is, so it is done seldom.
    fn sweep(&mut self) {
        let start = Instant::now();
        self.prune();
        self.entries.retain(|entry| entry.group.exists());
        let groups: Vec<_> = self.entries.iter().map(|entry| Arc::clone(&entry.group)).collect();
        if let Ok(members) = members_of(&groups) {
            for entry in &mut self.entries {
                let count = members.iter().filter(|member| member.group == entry.group.id).count();
                // A command may be on its way.
                let on_their_way = if entry.told.elapsed() < PAUSE { entry.commands } else { 0 };
                entry.commands = count.max(on_their_way);
            }
        }
        let occupied = self.entries.iter().filter(|entry| entry.place == Place::Open && entry.commands > 0).count();
        self.sweep_at = SWEEP.max(2 * occupied);
        // It takes one fiftieth of the time at most.
        self.next_sweep = Instant::now() + PAUSE.max(50 * start.elapsed());
    }

    /// Gives up the groups of children that have no member any more.
    fn prune(&mut self) {
        self.entries.retain(|entry| {
            let is_led = || sys::is_unreaped_child(entry.group.id).unwrap_or(true);
            entry.place != Place::Attached || is_led() || !entry.group.has_no_member_but_its_anchor()
        });
    }
}

/// Signals every member. The first error, after all groups were tried.
fn send_all(groups: &[Arc<Group>], signal: Signal) -> io::Result<()> {
    groups.iter().filter(|group| group.exists()).map(|group| group.send(signal)).fold(Ok(()), io::Result::and)
}

/// The same. A group that this signal cannot be sent to gets the tether's own, for the last time.
fn end_all(groups: &[Arc<Group>], signal: Signal) -> io::Result<()> {
    let end = |group: &Arc<Group>| {
        let sent = group.send(signal);
        if sent.is_err() {
            let _ = group.hang_up.hang_up();
        }
        sent
    };
    groups.iter().filter(|group| group.exists()).map(end).fold(Ok(()), io::Result::and)
}

/// A process in one of the groups, which may be a zombie.
#[derive(Clone, Copy, Debug)]
struct Member {
    id: u32,
    group: u32,
}

/// All but the anchors, as far as `/proc` shows them.
fn members_of(groups: &[Arc<Group>]) -> io::Result<Vec<Member>> {
    if !sys::shows_this_pid_namespace() {
        let message = "/proc does not show the processes of this pid namespace, so it is not known which members are left: mount it";
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let ids: HashSet<u32> = groups.iter().map(|group| group.id).collect();
    let anchors: HashSet<u32> = groups.iter().filter_map(|group| group.anchor_id()).collect();
    let mut members = Vec::new();
    sys::every_process(|id| {
        let group = sys::group_of(id).filter(|group| ids.contains(group) && !anchors.contains(&id));
        members.extend(group.map(|group| Member { id, group }));
        true
    })?;
    Ok(members)
}

/// Whether all members have exited by then; without a deadline, when they have.
fn have_exited_by(groups: &[Arc<Group>], deadline: Option<Instant>) -> io::Result<bool> {
    // Those in the previous snapshot, all of which have exited.
    let mut dead = HashSet::new();
    let mut is_late = false;
    loop {
        let members = members_of(groups)?;
        // A process that was dead in the previous snapshot has not forked since. So two equal snapshots of dead
        // processes are the end.
        if members.iter().all(|member| dead.contains(&member.id)) {
            return Ok(true);
        }
        if is_late || !members.iter().all(|member| member.has_exited_by(deadline)) {
            return Ok(false);
        }
        dead = members.iter().map(|member| member.id).collect();
        // One more snapshot shows whether that was the end.
        is_late = deadline.is_some_and(|deadline| deadline <= Instant::now());
    }
}

/// Where it is not known which members are left.
fn wait_out(deadline: Option<Instant>) -> io::Result<bool> {
    let message = "without /proc it is not known which members are left: mount it, or give a shorter grace";
    let deadline = deadline.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, message))?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        sys::nap(left);
    }
}

impl Member {
    /// Whether it has exited, or left its group, by then.
    fn has_exited_by(self, deadline: Option<Instant>) -> bool {
        let process = match Pidfd::open(self.id) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return true,
            process => process.ok(),
        };
        loop {
            // If the pid was reused, the new process is in another group, unless it is a child of a member.
            if sys::group_of(self.id) != Some(self.group) {
                return true;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let look = LOOK.min(left.unwrap_or(LOOK));
            let polled = process.as_ref().and_then(|process| process.is_gone_by(Some(Instant::now() + look)).ok());
            let is_dead = || Status::of(self.id).map_or(true, |status| status.dead);
            // The kernel may be older than pidfds, and a sandbox may refuse them, or refuse to poll.
            let exited = polled.unwrap_or_else(|| {
                is_dead() || {
                    sys::nap(look);
                    is_dead()
                }
            });
            if exited || left == Some(Duration::ZERO) {
                return exited;
            }
        }
    }
}
