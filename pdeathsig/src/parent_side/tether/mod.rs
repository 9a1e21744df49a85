//! Process groups whose members die when their owner does.

use std::io;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::platform::Platform;
use crate::target::{Groups as _, Target};
use crate::{Error, Signal};

type Groups = <Platform as Target>::Groups;

/// Process groups whose members die when this is dropped, or when the process that owns it ends, of whatever cause.
///
/// [`command.tether(&tether)?`](crate::CommandExt::tether) has what a command spawns join, before it executes its program, and its own
/// children with it, which live on where the direct child alone is killed ([majiayu000/harness#670], [thrumdev/blobs#228]).
/// From then on the kernel sees to it: when the owner is killed, runs out of memory, crashes, exits or executes another
/// program, every member gets the signal, stopped ones too. The program need not know of it; it inherits nothing, no descriptor and no
/// setting; and spawning costs what it costs without. Threads may come and go, in the owner as in the members
/// ([golang/go#27505] tells of the parent-death signal, where they may not).
///
/// [majiayu000/harness#670]: https://github.com/majiayu000/harness/issues/670
/// [thrumdev/blobs#228]: https://github.com/thrumdev/blobs/issues/228
/// [golang/go#27505]: https://github.com/golang/go/issues/27505
///
/// ```
/// use pdeathsig::{CommandExt, Signal, Tether};
/// use std::process::Command;
///
/// # fn main() -> std::io::Result<()> {
/// let tether = Tether::new(Signal::KILL)?;
/// let mut command = Command::new("sh");
/// let mut child = command.args(["-c", "sleep 60 & sleep 60"]).tether(&tether)?.spawn()?;
/// // If this process ended here, of whatever cause, the shell and what it runs would die.
/// drop(tether);
/// // As they do now.
/// assert!(!child.wait()?.success());
/// # Ok(())
/// # }
/// ```
///
/// Keep it under a name, in a field or in a `static`: `let _ = …` drops it at once, and a temporary as in
/// `command.tether(&Tether::new(signal)?)?` is dropped at the end of the statement; the member dies, or fails to start.
///
/// It is `Send` and `Sync`: one tether serves all threads, by reference or in an `Arc`. One that holds for as long as the process stands in a
/// `static`, which is never dropped; the kernel cuts it when the process ends:
///
/// ```
/// use pdeathsig::{CommandExt, Signal, Tether};
/// use std::process::Command;
/// use std::sync::OnceLock;
///
/// fn tether() -> std::io::Result<&'static Tether> {
///     static TETHER: OnceLock<Tether> = OnceLock::new();
///     match TETHER.get() {
///         Some(tether) => Ok(tether),
///         None => {
///             let tether = Tether::new(Signal::KILL)?;
///             Ok(TETHER.get_or_init(|| tether))
///         }
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// Command::new("true").tether(tether()?)?.status()?;
/// # Ok(())
/// # }
/// ```
///
/// `std::mem::forget(tether)` and `Box::leak` do as well, and so does `LazyLock`, if a panic will do where there can be no tether.
///
/// tokio's `Command` has one of std's within: `command.as_std_mut().tether(&tether)?`.
///
/// # How it works
///
#[doc = include_str!("../../../doc/tether.svg")]
///
/// 1. **A zombie leads the group.** It is made for that, ends at once, and nobody reaps it. So the group is there before its first member is,
///    its number is given to nobody else, and nothing can kill it. It shows as `<defunct>` below the owner; it has no exit signal,
///    so that no SIGCHLD comes of it, and no wait sees it but one with `__WALL` or `__WCLONE`. A command joins the group by
///    [`process_group`](std::os::unix::process::CommandExt::process_group), which is a part of `posix_spawn`, so that nothing is forked.
/// 2. **One descriptor holds the group.** It is one end, w, of a pair of sockets. The other end, r, has asked the kernel to send the
///    signal to the group when its peer hangs up (`O_ASYNC`, `F_SETOWN_EX`, `F_SETSIG`), and was sent, as a message, to w: it waits in
///    w's queue, and nobody else has it.
/// 3. **The kernel closes w** when the owner ends, as it closes every descriptor. First it hangs up on r, and the signal goes
///    out; then it empties the queue, and r goes. Both are steps of one close, so that nothing comes between.
/// 4. **It is done four times**, since a process that is born while the kernel walks through the group may be missed (since a
///    change of May 2026, which went into stable kernels in June; before, the walk was atomic): w's queue also
///    holds w2, w3 and w4, of which each holds its own peer, and which are closed as the queue is emptied.
/// 5. A command on its way from fork to exec has a copy of w. So if the owner dies meanwhile, w is closed by that exec, when the child
///    is in the group.
///
/// # Limits
///
/// - A member that leaves the group is out of reach: by `setsid`, as daemons do, or by `setpgid`, as `timeout` without `--foreground`
///   and shells with job control do (interactive ones, and scripts with `set -m`). So is a child whose command is told another `process_group` after `tether`.
/// - With a signal other than SIGKILL, who ignores or blocks it lives, and spawned programs inherit both from the thread that spawns them. A handler may
///   run more than once: up to four times when the owner ends, five when the tether is dropped.
/// - A real-time signal that cannot be queued, since the member's user has as many pending as `RLIMIT_SIGPENDING` allows, comes as SIGIO
///   instead, which ends a member that does not handle it.
/// - The signal reaches whom the maker of the tether might signal when it was made, by `kill` without capabilities: root everybody, an
///   ordinary user its own processes, those of set-uid programs that it runs included. A member that becomes another user for good is out of its reach.
/// - A fork of the owner that executes no program has a copy of what holds the tether: when the owner ends, the tether is cut when the fork
///   has ended, too. A drop in the owner cuts all the same; a drop in the fork does nothing to it.
/// - When the owner executes another program, the tether is cut. So it is if somebody closes its descriptors in the owner, as code
///   does that makes it a daemon.
/// - Members are in background groups. From a terminal they cannot read (SIGTTIN stops them), and Ctrl-C does not reach them; the example
///   `wrap` shows what to do about it.
/// - What makes a session of the owner, `setsid`, between `new` and a spawn, is an error of the spawn (`EPERM`): groups do not reach from one session into another.
/// - In a frozen control group (cgroup) of version 1 even SIGKILL waits until the group is thawed; in one of version 2 it does not.
/// - An owner that writes a core dump lives until it is written.
/// - Somebody in the owner who waits for every child with `__WALL` takes the leader of a group away. Those who are in it are tethered still,
///   and the next command gets another group; only a spawn just then fails, or joins what is left of the group.
/// - When the owner ends, the zombies go to whoever adopts its orphans, and are ordinary ones there: any wait of an init or of a
///   [subreaper](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html) reaps them.
/// - When the owner ends, a group that does nothing but fork could evade all four walks only by a chain of four forks, each within another
///   walk, and each before the walk comes to who forks. That was never seen, in 30,000 storms of forks; with two walks, once in 4,900. A drop,
///   [`send_signal`](Self::send_signal) and [`shutdown`](Self::shutdown) use `kill`, which is atomic.
/// - On kernels since June 2026, a member that changes its group in the very moment in which the owner ends has the walk go on in the group that it
///   joins: whoever is there, and might be signalled, may get the signal, too. What uses `kill` does not go astray.
/// - A command that is on its way to exec when the owner ends joins a group by its number, or fails. Were that number given to another
///   group of the session in those microseconds, after all other numbers, the command would join it, and live.
/// - A command has to be spawned while the tether is whole. Spawned after its drop, it fails as a rule; if a member lives that
///   was asked to end and has not yet, it joins that, and nobody ends it.
///
/// It is a cleanup guarantee, not a security boundary.
///
/// # Cost
///
/// One descriptor and one zombie for each group, of which there is one for every 128 commands that live at a time; up to four times as
/// many if they come and go. 10,000 children take 79. A zombie has no memory; the sockets take some 20 KiB of the kernel's for each group. Seven of them are
/// in flight, of which an ordinary user may have as many as `RLIMIT_NOFILE` says. No thread, no wake-up, nothing at all happens while the owner lives.
///
/// To make a tether takes about as long as to spawn a child, and to spawn with it as long as without, however large the owner is.
///
/// # See also
///
/// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html),
/// [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html) for `O_ASYNC`, `F_SETOWN_EX` and `F_SETSIG`,
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html) for `SCM_RIGHTS` and its limits; in the kernel's source, `unix_release_sock` in
/// `net/unix/af_unix.c` hangs up, `send_sigio` in `fs/fcntl.c` sends the signal.
#[derive(Debug)]
#[must_use = "a tether is cut when it is dropped, as `let _ = …` does at once: keep it for as long as its members may live"]
pub struct Tether {
    signal: Signal,
    /// A fork has a copy of all this, but what it does with it does not concern the owner.
    owner: u32,
    groups: Mutex<Groups>,
}

impl Tether {
    /// A tether without members. They get `signal` when it is cut: best SIGKILL, or one that they end of.
    ///
    /// # Errors
    ///
    /// The message says which call failed, and what to do:
    ///
    /// - no descriptor is left to the process (`EMFILE`) or the system (`ENFILE`);
    /// - this user has too many descriptors in flight (`ETOOMANYREFS`), counted over all its processes;
    /// - no process more is allowed (`EAGAIN`);
    /// - a sandbox refuses `clone`, `setpgid`, `waitid`, `socketpair`, `sendmsg` or `fcntl`. There is no other way to make a tether then; a sandbox
    ///   that refuses `clone(CLONE_VM | CLONE_VFORK)` refuses `posix_spawn` with it;
    /// - this thread's children would be in another pid namespace (`unshare(CLONE_NEWPID)`): spawn a process there that makes the tether;
    /// - [`Unsupported`](io::ErrorKind::Unsupported) where the target is neither Linux nor Android.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{Signal, Tether};
    ///
    /// let tether = Tether::new(Signal::TERM)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # See also
    ///
    /// [clone(2)](https://man7.org/linux/man-pages/man2/clone.2.html),
    /// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html),
    /// [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html),
    /// [socketpair(2)](https://man7.org/linux/man-pages/man2/socketpair.2.html),
    /// [sendmsg(2)](https://man7.org/linux/man-pages/man2/sendmsg.2.html),
    /// [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html)
    pub fn new(signal: Signal) -> io::Result<Tether> {
        Ok(Tether { signal, owner: process::id(), groups: Mutex::new(Groups::new(signal)?) })
    }

    /// Sends a signal to every member, now. That there is none is no error.
    ///
    /// Nobody is missed who is born meanwhile. The tether stays as it is.
    ///
    /// # Errors
    ///
    /// That of [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html), if a group could not be signalled: `EPERM` when this process
    /// is another user by now. All the other groups are signalled. (A group with any member that may be signalled is no error.)
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Signal, Tether};
    /// use std::os::unix::process::ExitStatusExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut child = Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
    /// tether.send_signal(Signal::TERM)?;
    /// assert_eq!(child.wait()?.signal(), Some(Signal::TERM.as_raw()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)
    pub fn send_signal(&self, signal: Signal) -> io::Result<()> {
        self.groups().signal(signal)
    }

    /// Asks all members to end, waits until they have, but no longer than `grace`, kills whoever is left, and cuts the tether.
    ///
    /// It returns as soon as the last member has ended. Those who are stopped are continued, so that they hear of it. A member that
    /// leaves its group is not waited for. Nobody survives by forking: SIGKILL is sent in any case, whoever seems to be left. With a grace too long to be counted, such as `Duration::MAX`, it waits for ever.
    ///
    /// The direct children among the members are left for you to reap, by [`Child::wait`](std::process::Child::wait).
    ///
    /// # Errors
    ///
    /// That of [`send_signal`](Self::send_signal), for either signal; and if a wait without an end is asked for where `/proc` does not tell
    /// who is left. The members are killed, and the tether is cut, all the same.
    ///
    /// # Limits
    ///
    /// - Without `/proc` (or with that of another pid namespace) it waits for the whole of the grace. Members that `/proc` hides from this
    ///   user (`hidepid`) are not waited for.
    /// - It blocks the thread, and it takes the tether. In async code, where tasks share one in an `Arc`, end the tasks that spawn, then
    ///   `let tether = Arc::into_inner(tether)`, which is `None` as long as somebody else has it, and `spawn_blocking(move || tether.shutdown(…))`.
    ///   One in a `static` cannot be shut down: ask by [`send_signal`](Self::send_signal), wait for the children, then send SIGKILL.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Signal, Tether};
    /// use std::process::Command;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut child = Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
    /// tether.shutdown(Signal::TERM, Duration::from_secs(5))?;
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html),
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html),
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    pub fn shutdown(self, signal: Signal, grace: Duration) -> io::Result<()> {
        let deadline = Instant::now().checked_add(grace);
        let groups = self.groups();
        let asked = groups.signal(signal);
        // Who is stopped does not hear it.
        let continued = groups.signal(Signal::CONT);
        let ended = groups.have_exited_by(deadline).map(drop);
        // Also when all have ended: nobody is missed who evades every look, as one that forks and exits without end.
        let killed = groups.signal(Signal::KILL);
        asked.and(continued).and(ended).and(killed)
    }

    /// The process group that the next command joins.
    pub(crate) fn next_group(&self) -> Result<u32, Error> {
        self.groups().next()
    }

    fn groups(&self) -> MutexGuard<'_, Groups> {
        // Nothing in it is ever half done.
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cuts it: every member gets the signal. It returns when that has been sent; whoever does not end of it lives on.
///
/// In a fork of the owner nothing is sent.
impl Drop for Tether {
    fn drop(&mut self) {
        // To close the groups is not enough where others have copies of what is closed: a fork, or a command on its way to exec.
        if process::id() == self.owner {
            let _ = self.groups().signal(self.signal);
        }
    }
}
