//! Arming: the kernel's parent-death signal without the race that comes with it, or a watch on the parent process.

use std::time::Duration;

use crate::platform::Platform;
use crate::target::Target;
use crate::{Error, Signal};

/// Ties this process to its parent: when the parent dies, the kernel sends `signal` to this process.
///
/// Call it first thing in `main`; [`#[die_with_parent]`](macro@crate::die_with_parent) does that for you. It costs five
/// system calls, no allocation, no thread and no descriptor. Calling it again replaces the signal.
///
/// If the parent dies while this function arms, the function does what the kernel would have done a moment later: it
/// sends `signal` to its own process. With a signal that ends the process the call does not return then. If a handler
/// catches it, or it is ignored or blocked, the call returns `Ok(())`, as it would had the parent died later. If the signal is
/// SIGKILL and the process survives it, as the first process of a pid namespace does, it exits at once with the status 137.
///
/// # Errors
///
/// - [`Error::NotMainThread`] on any other thread, with nothing armed.
/// - [`Error::Unsupported`] where the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses a system call.
///
/// # Limits
///
/// - Only the direct parent counts. If a wrapper stays between, as `timeout`, `sudo`, `npx` and some shells' `sh -c` do, the
///   death of what started the wrapper is not noticed unless the wrapper ends, too.
/// - To the kernel the parent is the **thread** that spawned this process. If that thread ends ([golang/go#27505]), or
///   another thread of the parent executes a program, the signal comes though the parent process lives.
///   [`DieWithParent::watch`] waits for the process instead; [`Parent::spawner_thread`](crate::Parent::spawner_thread) tells whether it is needed.
/// - A parent that died before the call is not noticed ([containers/bubblewrap#730]);
///   [`DieWithParent::expected_parent`] closes that window.
/// - Where the parent is outside this process's pid namespace (`getppid()` is 0), its death while arming cannot be
///   noticed; any time later the kernel's signal comes.
/// - The first process of a pid namespace ignores, from the kernel too, any signal but SIGKILL that it has no handler for.
/// - The kernel forgets the signal in children made by `fork`; when this process executes a program that changes its
///   credentials (set-uid, set-gid, file capabilities, a transition of a security module), or executes any program from
///   another thread than the main one; and when its effective or file-system user or group changes
///   ([golang/go#9686], [google/syzkaller#2181]), or it gains capabilities. So drop privileges first, then call.
///   [`parent_death_signal`] tells what is left.
/// - The kernel sends it in the parent's name, and nothing to whom the parent may not [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html):
///   as when the parent is an ordinary user's and this process is another's, or root's. A watch sends it in this process's own name.
/// - The process's own children are not touched; [`DieWithParent::process_group`] and [`DieWithParent::descendants`] reach them.
/// - A handler has to be installed before this is called, or the signal may end the process before it is.
/// - A catchable signal has no effect while it is ignored, as SIGHUP is under `nohup`, and SIGINT and SIGQUIT in what a script
///   starts by `&`; and it waits while it is blocked. SIGKILL can be neither. Of a traced process it is the tracer's to deliver.
/// - In a frozen control group (cgroup) of version 1 even SIGKILL waits until the group is thawed; in one of version 2 it does not.
/// - A handler may run more than once: twice if the parent dies just while this function arms, since the kernel may have
///   sent the signal by then; and again whenever a process dies that has adopted this one.
/// - A parent that writes a core dump lives until it is written.
///
/// [golang/go#27505]: https://github.com/golang/go/issues/27505
/// [containers/bubblewrap#730]: https://github.com/containers/bubblewrap/issues/730
/// [golang/go#9686]: https://github.com/golang/go/issues/9686
/// [google/syzkaller#2181]: https://github.com/google/syzkaller/issues/2181
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, Signal};
///
/// fn main() {
///     if let Err(error) = die_with_parent(Signal::KILL) {
///         eprintln!("worker: {error}");
///         std::process::exit(1);
///     }
///     // From here on this process does not outlive its parent.
/// }
/// ```
///
/// # See also
///
/// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html); in the kernel's source,
/// `forget_original_parent` in `kernel/exit.c` sends it, `begin_new_exec` in `fs/exec.c` and
/// `commit_creds` in `kernel/cred.c` clear it.
pub fn die_with_parent(signal: Signal) -> Result<(), Error> {
    DieWithParent::new(signal).arm()
}

/// Undoes [`die_with_parent`] and anything else that armed a parent-death signal for the main thread, and cancels
/// [a watch](DieWithParent::watch), a grace that runs included: this process may outlive its parent.
///
/// For a helper that a library or a language runtime tied to its parent, and that must finish what it does, such as the
/// report of a crash ([DataDog/libdatadog#2348](https://github.com/DataDog/libdatadog/issues/2348)). When the call has
/// returned, nothing is sent any more: what was armed was carried out before, or never will be.
///
/// # Errors
///
/// - [`Error::NotMainThread`] on any other thread, with nothing changed.
/// - [`Error::Unsupported`] where the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses the system call.
///
/// # Limits
///
/// - A signal that foreign code armed on another thread is out of reach; it goes when that thread ends.
/// - The thread of a watch cannot be woken. It sleeps on until the parent is gone, then ends and does nothing; if a watch is
///   armed again before, it serves that.
/// - It waits for what is being carried out at that moment: while descendants are sent their signal, that is.
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, outlive_parent, parent_death_signal, Signal};
///
/// fn main() -> Result<(), pdeathsig::Error> {
///     die_with_parent(Signal::TERM)?;
///     outlive_parent()?;
///     assert_eq!(parent_death_signal()?, None);
///     Ok(())
/// }
/// ```
///
/// # See also
///
/// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)
pub fn outlive_parent() -> Result<(), Error> {
    Platform::outlive_parent()
}

/// The parent-death signal that the kernel holds for the calling thread, `None` if there is none. It does not matter who armed it.
///
/// Ask on the main thread: the setting belongs to a thread, and another one has its own, as a rule none. Read it after a
/// change of user, for example, to see whether protection was lost. It says nothing of [a watch](DieWithParent::watch), which arms
/// nothing in the kernel.
///
/// # Errors
///
/// - [`Error::Unsupported`] where the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses the system call, or if other code armed a signal that [`Signal`] cannot name.
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, parent_death_signal, Signal};
///
/// fn main() -> Result<(), pdeathsig::Error> {
///     assert_eq!(parent_death_signal()?, None);
///     die_with_parent(Signal::TERM)?;
///     assert_eq!(parent_death_signal()?, Some(Signal::TERM));
///     Ok(())
/// }
/// ```
///
/// # See also
///
/// [prctl(2)](https://man7.org/linux/man-pages/man2/prctl.2.html) for `PR_GET_PDEATHSIG`
pub fn parent_death_signal() -> Result<Option<Signal>, Error> {
    Platform::parent_death_signal()
}

/// A builder for [`die_with_parent`] with options: the pid of the parent, if it is known; and to wait for the parent *process*
/// rather than its thread, with a grace, the process group, and descendants.
///
/// # Examples
///
/// A parent that tells its pid closes the window between fork and the first line of `main`:
///
/// ```
/// use pdeathsig::{DieWithParent, Signal};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     # let told = std::os::unix::process::parent_id().to_string();
///     # let mut arguments = std::iter::once(told);
///     # if false {
///     let mut arguments = std::env::args().skip(1);
///     # }
///     let parent = arguments.next().ok_or("usage: worker PARENT-PID")?.parse()?;
///     DieWithParent::new(Signal::KILL).expected_parent(parent).arm()?;
///     Ok(())
/// }
/// ```
///
/// A child of a parent with threads that come and go, which takes its own children along and has five seconds to clean up:
///
/// ```
/// use pdeathsig::{DieWithParent, Signal};
/// use std::time::Duration;
///
/// fn main() -> Result<(), pdeathsig::Error> {
///     DieWithParent::new(Signal::TERM).watch().descendants().grace(Duration::from_secs(5)).arm()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is armed before `arm` is called"]
// Targets that are not supported read none of the fields.
#[allow(dead_code)]
pub struct DieWithParent {
    pub(crate) signal: Signal,
    pub(crate) expected_parent: Option<u32>,
    pub(crate) watch: bool,
    pub(crate) grace: Option<Duration>,
    pub(crate) process_group: bool,
    pub(crate) descendants: bool,
    pub(crate) pids: Pids,
}

/// How many processes [`DieWithParent::watch_pid`] can name.
pub(crate) const MAX_PIDS: usize = 8;

/// The pids of [`DieWithParent::watch_pid`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pids {
    pids: [u32; MAX_PIDS],
    /// More than there is room for, if too many were given.
    number: usize,
}

impl Pids {
    const NONE: Pids = Pids { pids: [0; MAX_PIDS], number: 0 };

    // The index is checked, and `get_mut` is not const in Rust 1.71.
    #[allow(clippy::indexing_slicing)]
    const fn with(self, pid: u32) -> Pids {
        let Pids { mut pids, number } = self;
        if number < MAX_PIDS {
            pids[number] = pid;
        }
        Pids { pids, number: number.saturating_add(1) }
    }

    /// None if there are too many.
    #[allow(dead_code)]
    pub(crate) fn all(&self) -> Option<&[u32]> {
        self.pids.get(..self.number)
    }
}

impl DieWithParent {
    /// Starts with `signal` and no options: [`arm`](Self::arm) does what [`die_with_parent`] does.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// const TIE: DieWithParent = DieWithParent::new(Signal::TERM);
    /// TIE.arm().unwrap();
    /// ```
    pub const fn new(signal: Signal) -> Self {
        DieWithParent {
            signal,
            expected_parent: None,
            watch: false,
            grace: None,
            process_group: false,
            descendants: false,
            pids: Pids::NONE,
        }
    }

    /// Treats any parent other than `pid` as one that has died.
    ///
    /// For a parent that tells the child its pid, by argument, environment or handshake. It closes the window between
    /// fork and the first line of `main`: a parent that died there is noticed while arming.
    ///
    /// `pid` is the id of the **direct** parent in this process's own pid namespace: not of a grandparent, and not of a
    /// program that a shell or wrapper stands in for. A wrong pid means that the process sends itself the signal, and with
    /// SIGKILL ends without a word. An argument is a good way to tell it; an environment variable is inherited by those for
    /// whom it is wrong.
    ///
    /// A parent outside that namespace is 0, before and after its death, so that expecting 0 tells nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// let parent = std::os::unix::process::parent_id();
    /// DieWithParent::new(Signal::KILL).expected_parent(parent).arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [getppid(2)](https://man7.org/linux/man-pages/man2/getppid.2.html)
    pub const fn expected_parent(self, pid: u32) -> Self {
        DieWithParent { expected_parent: Some(pid), ..self }
    }

    /// Waits for the parent **process**, not for the thread of it that spawned this one.
    ///
    /// For the child of a parent whose threads come and go: tokio (`spawn_blocking` retires a thread after ten idle seconds),
    /// thread pools, Go, the JVM. A child cannot choose who spawns it;
    /// [`Parent::spawner_thread`](crate::Parent::spawner_thread) tells who did.
    ///
    /// A thread of its own, `pdeathsig-watch`, sleeps in the kernel until the whole parent process is gone, and then sends the
    /// signal to this process. The kernel's own signal is not armed, and is disarmed if it was. Arming again replaces
    /// what was armed, also while a [grace](Self::grace) runs; [`outlive_parent`] cancels it. It costs the thread with all signals blocked, a
    /// descriptor in a table of that thread's own, 8 to 16 KiB of memory, and no wake-up while the parent lives.
    ///
    /// The thread does not depend on what the program does: signals may be blocked, descriptors closed or used up, the main
    /// thread may have panicked or ended, and a lock be held for ever. If the parent is gone already, or is another than the
    /// [expected](Self::expected_parent) one, the signal is sent at once; [`arm`](Self::arm) returns after that, if the process
    /// survives it.
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) then returns, beside those of [`die_with_parent`], with nothing half-armed:
    ///
    /// - [`Error::ParentNotVisible`] if the parent is outside this process's pid namespace, as for a container's entry point.
    ///   There the kernel's signal works: `.arm().or_else(|_| die_with_parent(signal))`.
    /// - [`Error::Os`] if the kernel is older than Linux 5.3, if no descriptor, thread or memory is left, or if a sandbox refuses
    ///   what it needs.
    ///
    /// # Limits
    ///
    /// Those of [`die_with_parent`] hold where they speak of the direct parent, of signals that are caught, blocked or ignored,
    /// of core dumps, and of a parent that died before the call. In the other ones it differs:
    ///
    /// - It is **lost on exec**, of whatever program, and on fork, as any thread is. Before an exec, call [`die_with_parent`]: it
    ///   replaces the watch, and the kernel's signal is kept.
    /// - A stopped process dies when it is continued, also of SIGKILL, since the thread is stopped with it. So does a frozen one when it is
    ///   thawed, in control groups of either version.
    /// - It is kept when the user changes, as long as the new user may signal the targets; itself it always may.
    /// - It is sent once. When the process that adopted this one dies, nothing happens.
    ///
    /// In sandboxes and on old kernels:
    ///
    /// - A sandbox that is put up later and lets nobody be signalled makes this process exit with 128 + the signal's number instead.
    ///   One that refuses to poll makes the thread ask for its parent once a second.
    /// - Before Linux 5.9, which knows `CLOSE_RANGE_UNSHARE`, or where a sandbox refuses that, the descriptor stands in the
    ///   program's table, where the program may close it. Therefore the thread asks for its parent once a second, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// DieWithParent::new(Signal::KILL).watch().arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html); in the kernel's source, `do_notify_pidfd` in
    /// `kernel/signal.c`.
    pub const fn watch(self) -> Self {
        DieWithParent { watch: true, ..self }
    }

    /// Sends SIGKILL to whoever is left when this time has passed since the signal. Implies [`watch`](Self::watch).
    ///
    /// For a signal that asks for a clean end, and that must not be a way to live on: whoever ignores or blocks it, or hangs while
    /// it cleans up, is killed. It applies to those that the signal goes to: this process, and its
    /// [group](Self::process_group) and [descendants](Self::descendants) if these were chosen. If the process ends by itself before,
    /// there is nothing left to do.
    ///
    /// A process that has no handler for the signal would end of it at once, and with it the thread that sees to the grace. So,
    /// if group or descendants were chosen, it gets the signal last: when they have ended, which is looked for every ten
    /// milliseconds. Else it is killed with them when the grace is over.
    ///
    /// The time is measured by the monotonic clock, in which suspended time does not count; [`Duration::ZERO`] means at once, and
    /// one beyond what the clock can tell, as [`Duration::MAX`], never. Beside SIGKILL it has no effect: that leaves no time.
    ///
    /// # Limits
    ///
    /// - Install the handler, if there is one, before arming; the attribute comes before everything else.
    /// - **It ends with the process.** Group members and descendants that this process leaves behind when it ends by itself
    ///   within the grace, because its handler has it return from `main`, are not killed. It should wait for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    /// use std::time::Duration;
    ///
    /// DieWithParent::new(Signal::TERM).grace(Duration::from_secs(5)).arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [sigaction(2)](https://man7.org/linux/man-pages/man2/sigaction.2.html),
    /// [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)
    pub const fn grace(self, grace: Duration) -> Self {
        DieWithParent { watch: true, grace: Some(grace), ..self }
    }

    /// Makes this process the leader of a process group, and sends the signal to the whole group. Implies
    /// [`watch`](Self::watch).
    ///
    /// What this process starts from then on belongs to the group, unless it leaves it. No process is missed, and no other is
    /// hit, however the members fork meanwhile. A process that leads its group or session already stays as it is.
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) returns [`Error::Os`] if a sandbox refuses `setpgid(2)`. What was armed before holds still. After another
    /// error the process may lead a group all the same.
    ///
    /// # Limits
    ///
    /// - Children that were started before are in the old group.
    /// - Shells with job control, `setsid` and `Command::process_group` make groups of their own; see
    ///   [`descendants`](Self::descendants).
    /// - In a terminal's session the new group is in the background: it does not get Ctrl-C, and reading from the terminal
    ///   stops it (SIGTTIN).
    /// - The leader of a group cannot call [setsid(2)](https://man7.org/linux/man-pages/man2/setsid.2.html) any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// DieWithParent::new(Signal::KILL).process_group().arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html), [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)
    pub const fn process_group(self) -> Self {
        DieWithParent { watch: true, process_group: true, ..self }
    }

    /// Sends the signal to all descendants, in whatever group or session they are. Implies [`watch`](Self::watch).
    ///
    /// When the parent is gone, this process becomes a subreaper, so that no descendant can leave it any more, and stops its
    /// descendants from itself outwards until it finds no other; then each that is verified to be a descendant still gets the
    /// signal. With SIGKILL, at once or after the [grace](Self::grace), this goes on until none is left, and this process itself is
    /// stopped for that time, so that it cannot start another. Descendants that fork, or that leave their parents by double forks, do
    /// not escape, and a process that got the number of one that ended is left alone.
    ///
    /// With another signal each descendant gets it once and is then continued (SIGCONT), also one that was stopped before, or
    /// it could not act on it. A process without a handler for the signal, which ends of it, is stopped meanwhile, too, so that it starts
    /// nobody else; what one with a handler starts from then on does not get the signal. This process sees its
    /// children stop and go on, as far as it asked for that (SIGCHLD, `WUNTRACED`).
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) returns [`Error::Os`] if there is no address space for the memory that is set aside, 2.6 MiB, which
    /// is not touched before.
    ///
    /// # Limits
    ///
    /// - **It ends with the process.** One that ends by itself when its parent does, as servers do at the end of their input, usually
    ///   ends before its descendants were found, and nobody ends these. Such a program waits for its children, or leaves its end to
    ///   the watch.
    /// - A descendant that left **before** the parent's death, by a double fork such as daemons do, is out of reach, unless this
    ///   process was a subreaper already.
    /// - Descendants are found in `/proc`: where it is missing, belongs to another pid namespace, or lacks the lists of children
    ///   (`CONFIG_PROC_CHILDREN`, which distributions' kernels have), and where nothing may be opened (a hard limit of 0
    ///   descriptors), they live, while the group and this process die. Those that it hides (`hidepid`) and those that this user may
    ///   not signal live too.
    /// - One that sleeps where nothing wakes it, not even SIGKILL, is waited for a few seconds, and the whole search takes about ten
    ///   at most; meanwhile the others are stopped.
    /// - Descendants are ended by a short-lived process, which shares the memory of this one. If there can be none
    ///   (`RLIMIT_NPROC`, a sandbox), a thread does it; then what other threads start in the very last moment is missed, and
    ///   descendants may stay stopped if this process ends meanwhile. So they may if that process is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// DieWithParent::new(Signal::KILL).descendants().arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [PR_SET_CHILD_SUBREAPER(2const)](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html),
    /// [proc_tid_children(5)](https://man7.org/linux/man-pages/man5/proc_tid_children.5.html)
    pub const fn descendants(self) -> Self {
        DieWithParent { watch: true, descendants: true, ..self }
    }

    /// TODO
    pub const fn watch_pid(self, pid: u32) -> Self {
        DieWithParent { watch: true, pids: self.pids.with(pid), ..self }
    }

    /// Arms, once everything is chosen; what was armed before is replaced. See [`die_with_parent`], and [`watch`](Self::watch) if
    /// that was chosen, for what it does and where its limits are.
    ///
    /// # Errors
    ///
    /// Those of [`die_with_parent`], and of the options that were chosen. Another parent than the expected one is no error: it means
    /// that the parent has died, and the signal is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// DieWithParent::new(Signal::KILL).arm().unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html),
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
    pub fn arm(self) -> Result<(), Error> {
        Platform::arm(self)
    }
}
