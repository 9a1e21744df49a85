//! Process groups whose members die when their owner does.

use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::platform::Platform;
use crate::target::{Groups as _, Target};
use crate::Signal;

type Groups = <Platform as Target>::Groups;

/// Process groups whose members die when this is dropped, or when the process that made it exits for whatever reason.
///
/// Spawn a command with [`command.tether(&tether)?`](crate::CommandExt::tether). The child joins a process group of the
/// tether before it executes its program, and so does everything that it starts. These processes are the tether's
/// *members*. The process that made the tether is its *owner*. When the owner is killed, crashes, exits or executes
/// another program, the kernel signals every member, stopped ones too. So grandchildren do not live on where only the
/// direct child would be killed ([majiayu000/harness#670], [thrumdev/blobs#228]).
///
/// The program can be any program. It inherits no descriptor and no setting, and it keeps its parent. Threads of the
/// owner and of the members may come and go; the kernel's parent-death signal depends on them ([golang/go#27505]).
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
/// // If this process died here, the shell and both sleeps would die too.
/// drop(tether);
/// // They die now.
/// assert!(!child.wait()?.success());
/// # Ok(())
/// # }
/// ```
///
/// # Early drop
///
/// Dropping a tether signals its members. `let _ = Tether::new(signal)?` drops it immediately, and
/// `command.tether(&Tether::new(signal)?)?` drops it at the end of the statement. Keep it in a variable, a field or a
/// `static` for as long as its members should run. [`Tether::global`] is one that lives as long as the process.
/// [`release`](Self::release) lets the members live on.
///
/// A tether is `Send` and `Sync`. Share it by reference or in an `Arc`.
///
/// # One group for each command
///
/// Each command gets a process group of its own. So `kill 0` in one command does not kill another one. With more than
/// 32 groups in the process, commands share groups, 128 commands at most. They also share when the system refuses
/// another group. A group that has become empty is used again.
///
/// A tether signals all its members. To signal the processes of one command, make a tether for it.
///
/// # Async code
///
/// tokio's `Command` contains one of std: `command.as_std_mut().tether(&tether)?`, then `command.spawn()?` in a
/// statement of its own.
///
/// [`shutdown`](Self::shutdown) and [`wait_timeout`](Self::wait_timeout) block, so call them in `spawn_blocking`. If
/// the future is dropped, the blocking call goes on, and the members keep their grace. Share the tether in an `Arc`, or
/// use [`Tether::global`]:
///
/// ```
/// use pdeathsig::{CommandExt, ShutdownOutcome, Signal, Tether};
/// use std::sync::Arc;
/// use std::time::Duration;
/// # // What tokio's runtime does here, in a few lines, since this crate does not depend on it.
/// # mod tokio { pub mod task {
/// #     pub fn spawn_blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> std::thread::JoinHandle<T> { std::thread::spawn(f) }
/// # } }
///
/// # fn main() -> std::io::Result<()> {
/// let tether = Arc::new(Tether::new(Signal::KILL)?);
/// # let mut child = std::process::Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
/// // … spawn with `&tether` …
/// let stopping = Arc::clone(&tether);
/// let stopped = tokio::task::spawn_blocking(move || stopping.shutdown(Signal::TERM, Duration::from_secs(5)));
/// // Reap the children meanwhile: `child.wait().await`. Then `stopped.await`.
/// # child.wait()?;
/// # assert_eq!(stopped.join().unwrap()?, ShutdownOutcome::Exited);
/// # Ok(())
/// # }
/// ```
///
/// # How it works
#[doc = include_str!("../../../doc/tether.svg")]
///
/// 1. **A zombie leads each group.** This *anchor* is a process that is made for it and exits at once. Nothing reaps it
///    while the tether lives. So the group exists before its first member does, and its number is not reused. `ps`
///    shows it as `[tether] <defunct>`. It has no exit signal: no SIGCHLD comes, and only a wait with `__WALL` or
///    `__WCLONE` sees it. A command joins the group by
///    [`process_group`](std::os::unix::process::CommandExt::process_group), which is part of `posix_spawn`, so nothing
///    is forked.
/// 2. **One descriptor holds the group.** It is one end of a pair of sockets, the *trigger*. The other end is *armed*:
///    it has asked the kernel to signal the group when its peer hangs up (`O_ASYNC`, `F_SETOWN_EX`, `F_SETSIG`). It was
///    sent to the trigger as a message and waits in the trigger's queue, so nothing else holds it.
/// 3. **The kernel closes the trigger** when the owner exits, as it closes every descriptor. First it hangs up on the
///    armed end, which sends the signal. Then it empties the queue, which closes the armed end. Both are steps of one
///    close.
/// 4. **It happens four times.** Since a kernel change of May 2026 (in stable kernels from June), a process that is
///    forked while the kernel walks through the group may be missed. So the queue of the trigger also holds three more
///    pairs, which are closed one after another.
/// 5. A command on its way from fork to exec has a copy of the trigger. If the owner dies meanwhile, that exec closes
///    it, when the child is in the group.
///
/// # Limits
///
/// What it does not reach:
///
/// - **A process that leaves the group**: by `setsid`, as daemons do, or by `setpgid`, as `timeout` without
///   `--foreground`, `su -c`, `runuser -c` and shells with job control do (interactive ones, and scripts with `set
///   -m`). A command whose `process_group` is set after `tether` does not join at all: use [`attach`](Self::attach).
/// - **The first process of a pid namespace** (`unshare --pid --fork`, `bwrap --as-pid-1`) survives the owner's death,
///   and everything in the namespace with it. A drop, [`send_signal`](Self::send_signal) and
///   [`shutdown`](Self::shutdown) do kill it.
/// - **Another user's processes.** The signal reaches what the owner could signal by `kill` without capabilities when
///   the tether was made: root reaches every process, an ordinary user its own, including set-uid programs while their
///   real uid stays. A member that makes itself root for good, as `sudo` does, is out of an ordinary user's reach: run
///   the owner below `sudo`. The root of a user namespace reaches only members of its own uid, though it may `kill`
///   others.
/// - **The terminal.** Members are in background groups. If one reads from a terminal, SIGTTIN stops it, and Ctrl-C
///   does not reach it.
/// - **Descendants of a child that ends them itself.** A child with [`descendants`](crate::DieWithParent::descendants)
///   kills even those that left its group. As a member it gets SIGKILL before it can do that, so these live on. Use one
///   of the two.
/// - A stdio server that exits at the end of its input leaves its helpers behind, if only the server was armed: with
///   [`#[die_with_parent]`](fn@crate::die_with_parent) on the server and a tether *in it* for its helpers, none is
///   left.
///
/// The signal:
///
/// - Prefer SIGKILL. With another signal, members that ignore or block it survive; both are inherited. A handler may
///   run more than once: up to four times when the owner dies, five when the tether is dropped.
/// - A real-time signal that cannot be queued (`RLIMIT_SIGPENDING`) arrives as SIGIO, which kills a member that does
///   not handle it.
/// - In a frozen control group of version 1, SIGKILL waits until the group is thawed. In version 2 it does not.
/// - An owner that writes a core dump lives until that is written.
///
/// The owner:
///
/// - A fork of the owner that executes no program has a copy of the descriptor: the members then live until the fork
///   dies too. In a fork, a drop signals nothing, and every method is an error that says so.
/// - When the owner executes another program, the members are signalled. So they are if other code closes all
///   descriptors, as daemonizing does.
/// - A command that was tethered before a `setsid` of the owner and is spawned afterwards fails (`EPERM`): a group does
///   not reach into another session.
/// - If other code in the owner waits for every child with `__WALL`, it reaps the anchors. Members stay tethered, and
///   the next command gets another group. Only a spawn in that moment fails, or joins what is left of the group.
/// - Spawn a command while the tether lives. Spawned after a drop or a `shutdown`, it fails with `EPERM`, "Operation
///   not permitted": std passes on only the number. If a member of its group is still exiting, it joins that and is not
///   tethered.
///
/// Races with the owner's death. A drop, `send_signal` and `shutdown` do not have them, since `kill` is atomic:
///
/// - A group that forks without end could survive only by a chain of four forks, each in another walk of the kernel. It
///   was not seen in 30,000 such storms; with two walks it was seen once in 4,900.
/// - On kernels since June 2026, if a member changes its group in that very moment, the kernel may continue in the
///   group it just joined, and signal that one.
/// - A command between fork and exec joins its group by number. If all its members died and the number was reused in
///   those microseconds, it would join another group.
///
/// After the owner's death the anchors are ordinary orphaned zombies. An init or a
/// [subreaper](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html) reaps them.
///
/// It is a cleanup guarantee, not a security boundary.
///
/// # Cost
///
/// No thread, and nothing happens while the owner lives. Spawning takes as long as without a tether, however large the
/// owner is. A new group takes about as long as spawning a small program. It takes one descriptor, one zombie, some 20
/// KiB of kernel memory, and seven descriptors *in flight*. 10,000 children take 79 groups.
///
/// The kernel counts descriptors in flight for each user, and allows as many as `RLIMIT_NOFILE`. A tether uses none if
/// the user has more than 512 in flight, or half of the limit, so that other programs can still pass descriptors. (Root
/// is exempt.) Then commands share groups; and the first group of a tether, or an attached one, takes eight open
/// descriptors instead.
///
/// # See also
///
/// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html),
/// [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html) for `O_ASYNC`, `F_SETOWN_EX` and `F_SETSIG`,
/// [unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html) for `SCM_RIGHTS` and its limits. In the kernel's source, `unix_release_sock` in
/// `net/unix/af_unix.c` hangs up, and `send_sigio` in `fs/fcntl.c` sends the signal.
#[derive(Debug)]
#[must_use = "dropping a tether signals its members, and `let _ = …` drops it immediately: keep it for as long as they should run"]
#[doc(alias = "kill_on_drop")]
#[doc(alias = "job object")]
pub struct Tether {
    groups: Groups,
}

/// How the members of a tether exited in a [`shutdown`](Tether::shutdown).
///
/// # Examples
///
/// ```
/// use pdeathsig::{ShutdownOutcome, Signal, Tether};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// let tether = Tether::new(Signal::KILL)?;
/// match tether.shutdown(Signal::TERM, Duration::from_secs(5))? {
///     ShutdownOutcome::Exited => {}
///     ShutdownOutcome::Killed => eprintln!("some workers had to be killed"),
///     _ => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownOutcome {
    /// All members exited within the grace, or there was none.
    Exited,
    /// The grace was over, and what was left got SIGKILL.
    Killed,
}

impl Tether {
    /// A tether without members. They get `signal` when it is dropped or when this process dies: prefer SIGKILL, or
    /// another fatal signal.
    ///
    /// # Errors
    ///
    /// The message says which call failed, and what to do:
    ///
    /// - the process has no descriptor left (`EMFILE`), or the system has none (`ENFILE`);
    /// - the process limit is reached (`EAGAIN`);
    /// - a sandbox refuses `clone`, `setpgid`, `waitid`, `socketpair`, `sendmsg` or `fcntl`. There is no other way to
    ///   make a tether. A sandbox that refuses `clone(CLONE_VM | CLONE_VFORK)` refuses `posix_spawn` too;
    /// - the children of this thread are in another pid namespace (`unshare(CLONE_NEWPID)`): make the tether in a
    ///   child;
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the target is neither Linux nor Android.
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
        Ok(Tether { groups: Groups::new(signal)? })
    }

    /// The tether of this process, with SIGKILL. It is made at the first call, and lives as long as the process.
    ///
    /// Use it where nothing should outlive the process and there is no good place to keep a tether, such as in tests
    /// and libraries. All callers share it, so [`send_signal`](Self::send_signal) and [`shutdown`](Self::shutdown)
    /// reach the members of all of them.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), at the first call. An error is not remembered: the next call tries again. In a fork
    /// of the process that made it, it is an error ([`InvalidInput`](io::ErrorKind::InvalidInput)).
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Tether};
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// Command::new("true").tether(Tether::global()?)?.status()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [fork(2)](https://man7.org/linux/man-pages/man2/fork.2.html)
    pub fn global() -> io::Result<&'static Tether> {
        static GLOBAL: OnceLock<Tether> = OnceLock::new();
        let tether = match GLOBAL.get() {
            Some(tether) => tether,
            None => {
                let tether = Tether::new(Signal::KILL)?;
                // If another thread was faster, this one is dropped without members.
                GLOBAL.get_or_init(|| tether)
            }
        };
        tether.groups.check_owner()?;
        Ok(tether)
    }

    /// Ties a process group that a child of this process leads, in this session or another. `leader` is the child's id.
    ///
    /// It is for children that get a group of their own elsewhere: by `process_group(0)`, by `setsid` in a `pre_exec`,
    /// by `forkpty`, or by a crate such as process-wrap, command-group or portable-pty. The child still leads its
    /// group, so `kill(-pid)` and [`ChildExt`](crate::ChildExt) work.
    ///
    /// Between the spawn and this call nothing is tied. [`Command::die_with_parent`](crate::CommandExt::die_with_parent)
    /// as well closes that window for the child, but not for what the child starts in it. A
    /// [`Launcher`](crate::Launcher) has no such window. A child that exited and was not waited for can be attached, to
    /// tie what it has left in its group. Attaching a group again does nothing.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), with the reason and the remedy, if `leader` leads no group, is
    ///   not a child of this process, was waited for, is this process, 0 or 1. Nothing is tied then.
    /// - Those of [`new`](Self::new), and of a fork of the owner.
    ///
    /// # Limits
    ///
    /// - Call it before the child is waited for. If other code waits for the child meanwhile, it is an error.
    /// - A group in another session has no anchor. [`send_signal`](Self::send_signal) and [`shutdown`](Self::shutdown)
    ///   reach it from Linux 6.9 on; before, they are an error for this group
    ///   ([`Unsupported`](io::ErrorKind::Unsupported)), and only a drop of the tether or the owner's death signals it.
    /// - A group takes a descriptor, and one more in another session, until it is empty. An ordinary user that may have
    ///   1,024 of them can attach about 190 groups at a time, or 170 in other sessions.
    /// - Zombies count as members: where the first process of a container does not reap orphans, groups with one are
    ///   kept.
    /// - [`release`](Self::release) releases the group as well.
    /// - If the child moves itself to another group afterwards, it is not a member any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{Signal, Tether};
    /// use std::os::unix::process::CommandExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut child = Command::new("sleep").arg("60").process_group(0).spawn()?;
    /// tether.attach(child.id())?;
    /// drop(tether);
    /// assert!(!child.wait()?.success());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html), [setsid(2)](https://man7.org/linux/man-pages/man2/setsid.2.html),
    /// [pidfd_send_signal(2)](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html) for `PIDFD_SIGNAL_PROCESS_GROUP`
    pub fn attach(&self, leader: u32) -> io::Result<()> {
        self.groups.attach(leader)
    }

    /// Whether a process is in a group of this tether.
    ///
    /// Use it after spawning through another crate, which may have set another process group. What cannot be known is
    /// `false`: a process that does not exist or was reaped, and everything in a fork of the owner. A zombie is in
    /// its group until it is reaped.
    ///
    /// # Limits
    ///
    /// The process may leave the group afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt as _, Signal, Tether};
    /// use std::os::unix::process::CommandExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// // The last setting counts.
    /// let mut child = Command::new("sleep").arg("60").tether(&tether)?.process_group(0).spawn()?;
    /// if !tether.contains(child.id()) {
    ///     tether.attach(child.id())?;
    /// }
    /// assert!(tether.contains(child.id()));
    /// # drop(tether);
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [getpgid(2)](https://man7.org/linux/man-pages/man2/getpgid.2.html)
    #[must_use]
    pub fn contains(&self, pid: u32) -> bool {
        self.groups.contains(pid)
    }

    /// Sends a signal to every member, now. Having no members is not an error.
    ///
    /// A process that is forked meanwhile gets the signal too. The tether stays as it is.
    ///
    /// # Errors
    ///
    /// - That of [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html) if a group could not be signalled:
    ///   `EPERM` if this process has become another user. All other groups are signalled. (It is not an error if any
    ///   member of a group could be signalled.)
    /// - [`Unsupported`](io::ErrorKind::Unsupported) before Linux 6.9, for an attached group in another session.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) in a fork of the owner: nothing is signalled there.
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
        self.groups.signal(signal)
    }

    /// Waits until no member is left, for `timeout` at most: whether none is left. Zombies do not count.
    ///
    /// It does not signal anything, and it does not reap the children. It returns as soon as the last member has
    /// exited. It looks at the groups that exist when it is called: it need not wait for commands that are spawned
    /// meanwhile. With a timeout too long to be counted, such as `Duration::MAX`, it waits for ever.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) if `/proc` is not mounted, or is that of another pid namespace: then it
    ///   is not known which members are left.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) in a fork of the owner.
    ///
    /// # Limits
    ///
    /// - It blocks the thread. See [async code](#async-code).
    /// - A member that leaves its group is not waited for, nor is one that `/proc` hides from this user (`hidepid`).
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
    /// let mut child = Command::new("true").tether(&tether)?.spawn()?;
    /// assert!(tether.wait_timeout(Duration::from_secs(60))?);
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html),
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<bool> {
        self.groups.have_exited_by(Instant::now().checked_add(timeout))
    }

    /// Sends `signal` to all members, waits until they have exited, and kills any that still runs after `grace`.
    ///
    /// It returns as soon as the last member has exited. Stopped members are continued, so that they act on the signal.
    /// SIGKILL is sent in any case, so no process survives by forking. With a grace too long to be counted, such as
    /// `Duration::MAX`, it waits for ever.
    ///
    /// It acts on the groups that exist when it is called, attached ones included. Commands tethered later join other
    /// groups and are not touched. Other threads may use the tether meanwhile, and it can be used again afterwards.
    /// If the owner dies during the grace, the members get the tether's signal.
    ///
    /// Reap the direct children yourself, by [`Child::wait`](std::process::Child::wait).
    ///
    /// # Errors
    ///
    /// - Those of [`send_signal`](Self::send_signal), for either signal. What could be signalled was.
    /// - [`NotFound`](io::ErrorKind::NotFound) if an endless wait is asked for and `/proc` does not tell which members
    ///   are left. The members are killed.
    ///
    /// In a fork of the owner nothing is signalled.
    ///
    /// # Limits
    ///
    /// - It blocks the thread. See [async code](#async-code).
    /// - Without `/proc`, or with that of another pid namespace, it waits for the whole grace. Members that `/proc`
    ///   hides from this user (`hidepid`) are not waited for, nor are those that leave their group.
    /// - A command that was tethered before and is spawned afterwards fails with `EPERM`: call `tether` for each spawn.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, ShutdownOutcome, Signal, Tether};
    /// use std::process::Command;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut child = Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
    /// assert_eq!(tether.shutdown(Signal::TERM, Duration::from_secs(5))?, ShutdownOutcome::Exited);
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
    pub fn shutdown(&self, signal: Signal, grace: Duration) -> io::Result<ShutdownOutcome> {
        self.groups.shutdown(signal, Instant::now().checked_add(grace))
    }

    /// Ends the tether without a signal: the members live on, also when this process dies.
    ///
    /// # Errors
    ///
    /// - The process has too few descriptors left (`EMFILE`): it takes seven for a moment. Members that could not be
    ///   released get the tether's signal when this process dies, but not before.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) in a fork of the owner: the owner's members stay tethered.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Signal, Tether};
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut daemon = Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
    /// // It has started well, and is to outlive this process.
    /// tether.release()?;
    /// assert!(daemon.try_wait()?.is_none());
    /// # daemon.kill()?;
    /// # daemon.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [fcntl(2)](https://man7.org/linux/man-pages/man2/fcntl.2.html),
    /// [recvmsg(2)](https://man7.org/linux/man-pages/man2/recvmsg.2.html)
    pub fn release(self) -> io::Result<()> {
        // What is dropped then has no groups any more.
        self.groups.release()
    }

    /// The process group that the next command joins.
    pub(crate) fn next_group(&self) -> io::Result<u32> {
        self.groups.next()
    }
}
