//! Arming: the kernel's parent-death signal without the race that comes with it, or a watch on the parent process.

use std::time::Duration;

use crate::platform::Platform;
use crate::target::Target;
use crate::{Error, Signal};

/// Ties this process to its parent: when the parent dies, the kernel sends `signal` to this process.
///
/// Call it first in `main`. [`#[die_with_parent]`](macro@crate::die_with_parent) does that for you. The call takes five
/// system calls. It needs no allocation, no thread and no descriptor. Calling it again replaces the signal.
///
/// If the parent dies during the call, the function does what the kernel would have done a moment later: it sends
/// `signal` to its own process. If a handler catches the signal, or it is ignored or blocked, the call returns
/// `Ok(())`. If the signal is SIGKILL and the process survives it, as the first process of a pid namespace does, the
/// process exits with status 137.
///
/// The same happens if a [watch](DieWithParent::watch) was armed before, its parent has died, and the watch has not
/// sent its signal yet. The new signal is sent then.
///
/// # Errors
///
/// - [`Error::NotMainThread`] on any thread but the main one. Nothing is armed.
/// - [`Error::ParentNotVisible`] if the parent is outside this process's pid namespace, and this process is not the
///   first one inside. This is so under `docker exec`, `kubectl exec` and the like. Nothing is armed.
/// - [`Error::Unsupported`] if the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses a system call.
///
/// # Limits
///
/// About the parent:
///
/// - Only the direct parent counts. A wrapper may stay between, such as `timeout`, `sudo`, `npx` or `sh -c`. Then the
///   death of the process that started the wrapper has no effect unless the wrapper exits too.
///   [`DieWithParent::watch_pid`] watches another process.
/// - To the kernel, the parent is the **thread** that spawned this process. If that thread exits ([golang/go#27505]),
///   or another thread of the parent executes a program, the signal comes although the parent lives.
///   [`DieWithParent::watch`] waits for the process instead. [`Parent::spawner_thread`](crate::Parent::spawner_thread)
///   tells whether that is needed.
/// - A parent that died before the call is not noticed ([containers/bubblewrap#730]).
///   [`DieWithParent::expected_parent`] closes that window.
/// - For the first process of a pid namespace the parent is 0, before and after its death. So its death during the call
///   is not noticed. Later the kernel's signal comes.
/// - A parent that writes a core dump lives until the dump is written.
///
/// About the signal:
///
/// - Install a handler before the call. Otherwise the signal may terminate the process before the handler is there.
/// - A signal that is ignored has no effect. `nohup` ignores SIGHUP; a script ignores SIGINT and SIGQUIT in what it
///   starts with `&`. A signal that is blocked waits. SIGKILL can be neither ignored nor blocked. Under a debugger, the
///   debugger decides whether a signal is delivered.
/// - The kernel checks the parent's permission to signal this process ([kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)).
///   Without it, no signal is sent: for example if the parent is an ordinary user's and this process is root's. A watch
///   needs no permission.
/// - The first process of a pid namespace ignores every signal without a handler except SIGKILL.
/// - A handler may run twice if the parent dies during the call. It runs again whenever a process dies that has adopted
///   this one.
/// - In a frozen control group (cgroup) of version 1, SIGKILL waits until the group is thawed. In version 2 it does
///   not.
///
/// About what happens afterwards:
///
/// - `fork` clears the signal in the child.
/// - Executing a program clears it if the program changes credentials (set-uid, set-gid, file capabilities, a
///   transition of a security module), or if another thread than the main one executes it.
/// - A change of the effective or filesystem user or group clears it ([golang/go#9686], [google/syzkaller#2181]). So
///   does a gain of capabilities. Drop privileges first, then call. [`parent_death_signal`] reads what is armed.
/// - Children of this process are not affected. [`DieWithParent::process_group`] and [`DieWithParent::descendants`]
///   reach them.
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
/// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html). In the kernel's source,
/// `forget_original_parent` in `kernel/exit.c` sends the signal. `begin_new_exec` in `fs/exec.c` and `commit_creds` in
/// `kernel/cred.c` clear it.
#[doc(alias = "PR_SET_PDEATHSIG")]
#[doc(alias = "prctl")]
pub fn die_with_parent(signal: Signal) -> Result<(), Error> {
    DieWithParent::new(signal).arm()
}

/// Allows this process to outlive its parent: disarms the kernel's signal of the main thread, and cancels a
/// [watch](DieWithParent::watch), also while its grace runs.
///
/// Use it in a helper that a library or a language runtime tied to its parent, but that must finish its work. A crash
/// reporter is an example ([DataDog/libdatadog#2348](https://github.com/DataDog/libdatadog/issues/2348)).
///
/// After it returns, no signal will be sent. A death of the parent that an armed watch has not acted upon yet is
/// forgotten.
///
/// # Errors
///
/// - [`Error::NotMainThread`] on any thread but the main one, even if a watch was armed there. Each thread has a
///   parent-death signal of its own, and only the main one can disarm that of the main thread. Nothing is changed.
/// - [`Error::Unsupported`] if the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses the system call.
///
/// # Limits
///
/// - A signal that other code armed on another thread stays armed. It is cleared when that thread exits.
/// - The thread of a watch cannot be woken. It sleeps until a watched process exits, then does nothing and exits. A
///   watch that is armed before then uses the same thread.
/// - The call waits while the watch sends signals to descendants.
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

/// Returns the parent-death signal that the kernel holds for the calling thread, or `None`. It does not matter which
/// code armed it.
///
/// Call it on the main thread: each thread has a setting of its own. Call it after a change of user, for example, to
/// see whether the protection was lost. A [watch](DieWithParent::watch) arms nothing in the kernel, so it is not shown.
///
/// # Errors
///
/// - [`Error::Unsupported`] if the target is neither Linux nor Android.
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

/// A builder for [`die_with_parent`] with options.
///
/// It can name the expected parent, wait for the parent *process* instead of its thread, give a grace, and reach the
/// process group and the descendants.
///
/// # Examples
///
/// A parent that passes its pid closes the window between fork and the first line of `main`:
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
/// The parent has threads that come and go. This process has five seconds to clean up, and its own children die too:
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
    /// How many were given. If there were too many, this is larger than `MAX_PIDS`.
    number: usize,
}

impl Pids {
    const NONE: Pids = Pids { pids: [0; MAX_PIDS], number: 0 };

    // The index is checked. `get_mut` is not const in Rust 1.71.
    #[allow(clippy::indexing_slicing)]
    const fn with(self, pid: u32) -> Pids {
        let Pids { mut pids, number } = self;
        if number < MAX_PIDS {
            pids[number] = pid;
        }
        Pids { pids, number: number.saturating_add(1) }
    }

    /// None if too many were given.
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
    /// The parent passes its pid to the child, by argument, environment or handshake. This closes the window between
    /// fork and the first line of `main`: a parent that died there is noticed when arming. Prefer an argument.
    /// Processes inherit an environment variable for which it is wrong.
    ///
    /// `pid` is the id of the **direct** parent in this process's own pid namespace. It is not that of a grandparent,
    /// or of a process behind a shell or wrapper; for these, use [`watch_pid`](Self::watch_pid). With a wrong pid
    /// the process sends itself the signal. SIGKILL then ends it without a message.
    ///
    /// For the first process of a pid namespace the parent is 0, before and after its death. Expecting 0 therefore
    /// tells nothing.
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

    /// Waits for the parent **process**, instead of its thread that spawned this process.
    ///
    /// Use it if the parent's threads come and go: tokio (`spawn_blocking` ends a thread after ten idle seconds),
    /// thread pools, Go, the JVM. A child cannot choose the thread that spawns it.
    /// [`Parent::spawner_thread`](crate::Parent::spawner_thread) tells which one did.
    ///
    /// A watch is a thread named `pdeathsig-watch`. It sleeps in the kernel until the whole parent process has exited,
    /// and then sends the signal to this process. If the parent has exited already, or is not the
    /// [expected](Self::expected_parent) one, the signal is sent at once. [`arm`](Self::arm) returns after that, if
    /// the process survives the signal.
    ///
    /// [`arm`](Self::arm) works on any thread, and the watch does not depend on that thread. On the main thread it
    /// disarms the kernel's signal. On another thread it does not, so a kernel signal of the main thread stays in
    /// force.
    ///
    /// Arming again replaces what was armed, also while a [grace](Self::grace) runs. A death that the old watch has not
    /// acted upon yet is not forgotten: the new signal is sent at once. [`outlive_parent`] cancels a watch.
    ///
    /// It costs the thread, 8 to 16 KiB of memory, and a descriptor in a table of the thread's own. The thread blocks
    /// all signals and does not wake while the parent lives. It does not depend on what the program does: signals
    /// may be blocked, descriptors closed or used up, the main thread may have panicked or exited, and a lock may
    /// be held for ever.
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) then returns these, and nothing is half-armed:
    ///
    /// - [`Error::ParentNotVisible`] if the parent is outside this process's pid namespace. In a container's first
    ///   process, the kernel's signal works: use [`die_with_parent`]. In a process that `docker exec` or the like
    ///   starts, nothing can be armed.
    /// - [`Error::Os`] on a kernel before Linux 5.3, if no descriptor, thread or memory is left, or if a sandbox
    ///   refuses a call, or kills the new thread for one.
    /// - [`Error::Unsupported`] if the target is neither Linux nor Android.
    ///
    /// # Limits
    ///
    /// Those of [`die_with_parent`] about the direct parent, core dumps, a parent that died before the call, and
    /// signals that are caught, blocked or ignored apply. Differences from `die_with_parent`:
    ///
    /// - Every exec and every fork **loses** it, as it does any thread. Before an exec, call [`die_with_parent`]: it
    ///   replaces the watch, and the kernel's signal survives the exec.
    /// - A stopped process dies when it is continued, also by SIGKILL, since its thread is stopped too. The same is
    ///   true of a frozen process when it is thawed.
    /// - A change of user does not lose it. The new user needs permission to signal the other targets.
    /// - The signal is sent once. The death of the process that adopted this one has no effect.
    ///
    /// In sandboxes and on old kernels:
    ///
    /// - If a sandbox refuses every signal after arming, this process exits with 128 + the signal's number instead.
    /// - If a sandbox refuses to poll, the thread asks for the parent once a second.
    /// - Before Linux 5.9 (`CLOSE_RANGE_UNSHARE`), or if a sandbox refuses that, the descriptor is in the program's
    ///   table. The program may close it, so the thread asks for the parent once a second.
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
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html). In the kernel's source, `do_notify_pidfd` in `kernel/signal.c`.
    pub const fn watch(self) -> Self {
        DieWithParent { watch: true, ..self }
    }

    /// Watches another process too: its exit counts like the parent's. Implies [`watch`](Self::watch).
    ///
    /// Use it in a language server that is told its editor's pid (`processId` in LSP's `initialize`), and in a tool
    /// that a wrapper such as `npx` starts. Call it up to eight times to watch up to eight processes. The first
    /// that exits counts. [`arm`](Self::arm) works on any thread, so a server can arm where it learns the pid.
    ///
    /// [`arm`](Self::arm) pins each process by a pidfd. From then on, a process that gets the same number is not
    /// mistaken for it. A zombie, which has exited and was not reaped, counts as dead: the signal is sent at once.
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) returns these besides those of [`watch`](Self::watch). Nothing is armed, and what was armed
    /// before stays:
    ///
    /// - [`Error::ProcessNotFound`] if no process has this pid. An editor's pid means nothing inside a container, and
    ///   servers that took the editor for dead have killed themselves ([denoland/deno#22012],
    ///   [emacs-lsp/lsp-mode#1408]).
    /// - [`Error::TooManyPids`] for more than eight pids.
    ///
    /// # Limits
    ///
    /// - `pid` is the id of a process in this process's own pid namespace. Inside a container, the number from outside
    ///   may by chance be the pid of another process.
    /// - A process that exited before the call may have left its number to another process. That one is watched then.
    /// - The end of one thread and an exec are not the exit of a process.
    ///
    /// [denoland/deno#22012]: https://github.com/denoland/deno/issues/22012
    /// [emacs-lsp/lsp-mode#1408]: https://github.com/emacs-lsp/lsp-mode/issues/1408
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// /// Called with `processId` of the request `initialize`.
    /// fn on_initialize(editor: Option<u32>) -> Result<(), pdeathsig::Error> {
    ///     match editor {
    ///         Some(pid) => DieWithParent::new(Signal::KILL).watch_pid(pid).arm(),
    ///         None => Ok(()),
    ///     }
    /// }
    /// # on_initialize(Some(std::os::unix::process::parent_id())).unwrap();
    /// ```
    ///
    /// # See also
    ///
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
    pub const fn watch_pid(self, pid: u32) -> Self {
        DieWithParent { watch: true, pids: self.pids.with(pid), ..self }
    }

    /// Sends SIGKILL to every process that is left when this time has passed since the signal. Implies
    /// [`watch`](Self::watch).
    ///
    /// Use it with a signal that asks for a clean exit, such as SIGTERM. A process that ignores or blocks that signal,
    /// or hangs while it cleans up, is killed. SIGKILL goes to the same processes as the signal: to this process,
    /// and to its [group](Self::process_group) and [descendants](Self::descendants) if these were chosen. With
    /// SIGKILL as the signal, `grace` has no effect.
    ///
    /// A process without a handler for the signal would die first and take the timer thread with it. So, if group or
    /// descendants were chosen, this process is signalled last: when the others have exited, or with SIGKILL after
    /// the grace. The thread looks for them often at first, then twenty times a second. With many processes about,
    /// that takes less than a hundredth of one processor.
    ///
    /// The time is measured by the monotonic clock, which does not count suspended time. [`Duration::ZERO`] means at
    /// once. A time beyond what the clock can tell, such as [`Duration::MAX`], means never.
    ///
    /// # Limits
    ///
    /// - Install the handler before arming. The attribute runs before everything in `main`.
    /// - SIGKILL from outside does not wait for it: from a launcher whose signal is SIGKILL (`pdeathsig` without
    ///   `-s TERM`), from a tether, or from a supervisor.
    /// - **The grace ends with this process.** If its handler makes it return from `main`, group members and
    ///   descendants that are left are not killed. Wait for them before you return.
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
    /// Processes that this process starts afterwards belong to the group, unless they leave it. The kernel signals all
    /// members at once. A process that leads its group or session already stays as it is.
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) returns [`Error::Os`] if a sandbox refuses `setpgid(2)`. What was armed before stays. After
    /// another error the process may lead a group nevertheless.
    ///
    /// # Limits
    ///
    /// - Children that were started before stay in the old group.
    /// - Shells with job control, `setsid` and `Command::process_group` make other groups.
    ///   [`descendants`](Self::descendants) reaches those too.
    /// - In a terminal, the new group is in the background. It does not get Ctrl-C, and reading from the terminal stops
    ///   it (SIGTTIN).
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

    /// Sends the signal to all descendants, in any group or session. Implies [`watch`](Self::watch).
    ///
    /// When the parent has exited, this process becomes a subreaper: orphaned descendants become its children. Then
    /// descendants are stopped (SIGSTOP), from this process outwards, until no other is found. Each is checked
    /// again to be a descendant, and gets the signal.
    ///
    /// - With SIGKILL, at once or after the [grace](Self::grace), this is repeated until none is left. This process is
    ///   stopped meanwhile, so that it cannot start another. Descendants that fork, or double-fork, do not escape. A
    ///   process that got the number of one that exited is left alone.
    /// - With another signal, each descendant gets it once and is then continued (SIGCONT), also one that was stopped
    ///   before. If the signal terminates this process, this process is stopped meanwhile. If it has a handler,
    ///   processes that it starts from then on do not get the signal.
    ///
    /// This process sees its children stop and continue if it requested that (SIGCHLD, `WUNTRACED`).
    ///
    /// # Errors
    ///
    /// [`arm`](Self::arm) returns [`Error::Os`] if there is no address space for the memory that is set aside: 2.6 MiB,
    /// which is not touched before it is needed.
    ///
    /// # Limits
    ///
    /// - **A server that exits at the end of its input.** It exits by itself when its parent dies, usually before its
    ///   descendants are found. They keep running unless the server waits for them. For such a server, use
    ///   `#[die_with_parent]` alone, and start its helpers with a [`Tether`](crate::Tether) in the server.
    /// - **A child in a tether.** The [`Tether`](crate::Tether) of the parent kills this process at once, before its
    ///   watch can act. Descendants that left the process group then live on. Start such a child without a tether, or
    ///   with a launcher for the whole tree.
    /// - A descendant that left **before** the parent's death, by a double fork as daemons do, is out of reach. It is
    ///   reached if this process was a subreaper already.
    /// - Descendants are found in `/proc`. They live on where `/proc` is missing, belongs to another pid namespace, or
    ///   lacks the lists of children (`CONFIG_PROC_CHILDREN`, which kernels of distributions have), and where no file
    ///   may be opened (a hard limit of 0 descriptors). The group and this process die there too. Descendants that
    ///   `/proc` hides (`hidepid`), or that this user may not signal, live on.
    /// - A descendant in uninterruptible sleep, which not even SIGKILL wakes, is waited for a few seconds. The others are
    ///   stopped meanwhile. If descendants go on forking, the search ends after ten seconds, or after ten rounds where
    ///   each takes longer than a second: beside such a descendant, or on a slow or paused machine. What is left then
    ///   lives on.
    /// - A short-lived process, which shares the memory of this one, sends the signals. If there can be none
    ///   (`RLIMIT_NPROC`, a sandbox), the thread of the watch does it. Then processes that other threads start in the
    ///   last moment are missed, and descendants may stay stopped if this process exits meanwhile. They may also stay
    ///   stopped if the short-lived process is killed.
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
    #[doc(alias = "subreaper")]
    pub const fn descendants(self) -> Self {
        DieWithParent { watch: true, descendants: true, ..self }
    }

    /// Arms with the options that were chosen, and replaces what was armed before.
    ///
    /// See [`die_with_parent`] and, with the options that imply it, [`watch`](Self::watch). Without a watch, call it on
    /// the main thread. With a watch, any thread will do.
    ///
    /// # Errors
    ///
    /// Those of [`die_with_parent`], or of [`watch`](Self::watch), and those of the options. A parent other than the
    /// expected one is not an error: it means that the parent has died, and the signal is sent.
    ///
    /// # Examples
    ///
    /// A program that handles SIGTERM installs the handler before the call. This one also runs under `docker exec`,
    /// where it cannot be tied:
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Error, Signal};
    /// use std::time::Duration;
    ///
    /// fn tie() -> Result<(), Error> {
    ///     match DieWithParent::new(Signal::TERM).grace(Duration::from_secs(5)).arm() {
    ///         Err(Error::ParentNotVisible) => {
    ///             eprintln!("server: warning: {}", Error::ParentNotVisible);
    ///             Ok(())
    ///         }
    ///         result => result,
    ///     }
    /// }
    /// # tie().unwrap();
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
