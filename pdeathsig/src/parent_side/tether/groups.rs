//! The process groups of a tether: one for every so many commands, since the kernel walks through the whole group whenever a member
//! ends.

use std::collections::HashSet;
use std::io;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use crate::platform::sys::{self, Anchor, HangUp, Pidfd, Status};
use crate::target;
use crate::{Error, Signal};

/// After so many commands, the next one gets another group. Measured with 32, 64, 128 and 256, the death of a thousand or ten thousand
/// children takes the least time for each with 64 and 128, a tenth to a quarter more with the others. And with 64, the groups of
/// ten thousand would have 1,099 descriptors in flight, which is more than the usual limit.
const COMMANDS: usize = 128;

/// With so many groups it is asked for the first time whether one can be used again.
const SWEEP: usize = 4;

/// How often it is asked whether a member that lives has left its group.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct Group {
    // Closed before the anchor is reaped, so that the number is the group's to the end.
    hang_up: HangUp,
    anchor: Anchor,
    commands: usize,
}

impl Group {
    fn new(signal: Signal) -> Result<Group, Error> {
        let anchor = Anchor::new()?;
        Ok(Group { hang_up: HangUp::new(anchor.id(), signal)?, anchor, commands: 0 })
    }

    /// Whether it has any member, dead ones and the anchor included, so that its number is its own.
    fn exists(&self) -> bool {
        match self.hang_up.group() {
            Ok(group) => group == Some(self.anchor.id()),
            Err(_) => self.anchor.is_there(),
        }
    }

    /// Whether the anchor is there, so that the number stays its own.
    fn is_anchored(&self) -> bool {
        self.exists() && self.anchor.is_there()
    }

    fn id(&self) -> u32 {
        self.anchor.id()
    }

    fn is_crowded(&self) -> bool {
        self.commands > COMMANDS / 2
    }

    fn send(&self, signal: Signal) -> io::Result<()> {
        match sys::killpg(self.id(), signal) {
            Err(_) if !self.exists() => Ok(()),
            Err(source) => Err(Error::Os { call: "kill(2) on a process group", source }.into()),
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_anchored() {
            self.anchor.forget();
        }
    }
}

#[derive(Debug)]
pub(crate) struct Groups {
    signal: Signal,
    /// The one that commands join.
    current: Group,
    others: Vec<Group>,
    sweep_at: usize,
}

/// A process in one of the groups, which may be a dead one.
#[derive(Clone, Copy, Debug)]
struct Member {
    id: u32,
    group: u32,
}

impl target::Groups for Groups {
    fn new(signal: Signal) -> Result<Groups, Error> {
        Ok(Groups { signal, current: Group::new(signal)?, others: Vec::new(), sweep_at: SWEEP })
    }

    /// The group that the next command joins.
    fn next(&mut self) -> Result<u32, Error> {
        if self.current.commands >= COMMANDS || !self.current.is_anchored() {
            let next = self.used_before().map_or_else(|| Group::new(self.signal), Ok)?;
            let current = mem::replace(&mut self.current, next);
            self.others.push(current);
        }
        self.current.commands += 1;
        Ok(self.current.id())
    }

    /// Sends a signal to each member there is. The first error, when all were tried.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        self.all().map(|group| group.send(signal)).fold(Ok(()), io::Result::and)
    }

    /// Whether all members have ended by then; without a deadline, when they have.
    fn have_exited_by(&self, deadline: Option<Instant>) -> io::Result<bool> {
        let mut dead = HashSet::new();
        loop {
            let Ok(members) = self.members() else { return wait_out(deadline) };
            // Whoever was dead before this look had started nobody since; all others may have.
            let all_were_dead = members.iter().all(|member| dead.contains(&member.id));
            for member in members {
                if !member.has_ended_by(deadline) {
                    return Ok(false);
                }
                dead.insert(member.id);
            }
            if all_were_dead || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(all_were_dead);
            }
        }
    }
}

impl Groups {
    /// One that has become half empty at least.
    fn used_before(&mut self) -> Option<Group> {
        if self.others.len() + 1 >= self.sweep_at {
            self.sweep();
        }
        let place = self.others.iter().position(|group| !group.is_crowded() && group.is_anchored())?;
        Some(self.others.swap_remove(place))
    }

    /// Finds out how many members are left in each group. This takes a look at every process there is, so it is done only when there
    /// are twice as many groups as were needed the last time.
    fn sweep(&mut self) {
        self.others.retain(Group::exists);
        if let Ok(members) = self.members() {
            for group in &mut self.others {
                group.commands = members.iter().filter(|member| member.group == group.id()).count();
            }
        }
        let crowded = self.others.iter().filter(|group| group.is_crowded()).count();
        self.sweep_at = SWEEP.max(2 * (crowded + 1));
    }

    fn all(&self) -> impl Iterator<Item = &Group> {
        self.others.iter().chain([&self.current]).filter(|group| group.exists())
    }

    /// All but the anchors, as far as `/proc` shows them.
    fn members(&self) -> io::Result<Vec<Member>> {
        if !sys::shows_this_pid_namespace() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let groups: HashSet<u32> = self.all().map(Group::id).collect();
        let mut members = Vec::new();
        sys::every_process(|id| {
            let group = sys::group_of(id).filter(|group| *group != id && groups.contains(group));
            members.extend(group.map(|group| Member { id, group }));
            true
        })?;
        Ok(members)
    }
}

/// Where nobody tells who is left.
fn wait_out(deadline: Option<Instant>) -> io::Result<bool> {
    let deadline =
        deadline.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "without /proc it is not known who is left"))?;
    thread::sleep(deadline.saturating_duration_since(Instant::now()));
    Ok(false)
}

impl Member {
    /// Whether it has ended, or left its group, by then.
    fn has_ended_by(self, deadline: Option<Instant>) -> bool {
        let process = match Pidfd::open(self.id) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return true,
            process => process.ok(),
        };
        loop {
            // Whoever has its number by now is in another group, if that is not its own child.
            if sys::group_of(self.id) != Some(self.group) {
                return true;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let look = LOOK.min(left.unwrap_or(LOOK));
            let polled = process.as_ref().and_then(|process| process.is_gone_by(Some(Instant::now() + look)).ok());
            let is_dead = || Status::of(self.id).map_or(true, |status| status.dead);
            // The kernel may be older than pidfds, and a sandbox may refuse them, or to poll.
            let ended = polled.unwrap_or_else(|| {
                is_dead() || {
                    thread::sleep(look);
                    is_dead()
                }
            });
            if ended || left == Some(Duration::ZERO) {
                return ended;
            }
        }
    }
}
