//! Arming the kernel's parent-death signal without the race that comes with it.

use std::time::Duration;

use crate::sys::{self, MainThread};
use crate::watch::{self, Plan};
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
/// - Only the direct parent counts. Started by way of `sh -c`, `timeout` or another wrapper, the process dies with that.
/// - To the kernel the parent is the **thread** that spawned this process. If that thread ends, or another thread of the
///   parent executes a program, the signal comes though the parent process lives. A parent that spawns from its main thread,
///   or from one that lives as long as the process, avoids it.
/// - A parent that died before the call is not noticed; [`DieWithParent::expected_parent`] closes that window.
/// - Where the parent is outside this process's pid namespace (`getppid()` is 0), its death while arming cannot be
///   noticed; any time later the kernel's signal comes.
/// - The first process of a pid namespace ignores, from the kernel too, any signal but SIGKILL that it has no handler for.
/// - The kernel forgets the signal in children made by `fork`; when this process executes a program that changes its
///   credentials (set-uid, set-gid, file capabilities, a transition of a security module), or executes any program from
///   another thread than the main one; and when its effective or file-system user or group changes, or it gains
///   capabilities. So drop privileges first, then call. [`parent_death_signal`] tells what is left.
/// - The process's own children are not touched.
/// - A catchable signal has no effect while it is ignored, as SIGHUP is under `nohup`, and waits while it is blocked.
///   SIGKILL can be neither.
/// - A handler may run more than once: twice if the parent dies just while this function arms, since the kernel may have
///   sent the signal by then; and again whenever a process dies that has adopted this one.
/// - A parent that writes a core dump lives until it is written.
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, Signal};
///
/// fn main() -> Result<(), pdeathsig::Error> {
///     die_with_parent(Signal::KILL)?;
///     // From here on this process does not outlive its parent.
///     Ok(())
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

/// Undoes [`die_with_parent`] and anything else that armed a parent-death signal for the main thread: this process may
/// outlive its parent.
///
/// For a helper that a library or a language runtime tied to its parent, and that must finish what it does.
///
/// # Errors
///
/// - [`Error::NotMainThread`] on any other thread, with nothing changed.
/// - [`Error::Unsupported`] where the target is neither Linux nor Android.
/// - [`Error::Os`] if a sandbox refuses the system call.
///
/// # Limits
///
/// A signal that foreign code armed on another thread is out of reach; it goes when that thread ends.
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
    let main = MainThread::current()?;
    main.set_parent_death_signal(None)?;
    watch::cancel(&main);
    Ok(())
}

/// The parent-death signal that the kernel holds for the calling thread, `None` if there is none. It does not matter who armed it.
///
/// Ask on the main thread: the setting belongs to a thread, and another one has its own, as a rule none. Read it after a
/// change of user, for example, to see whether protection was lost.
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
/// [PR_GET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html)
pub fn parent_death_signal() -> Result<Option<Signal>, Error> {
    sys::parent_death_signal()
}

/// A builder for [`die_with_parent`] with options.
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
#[derive(Clone, Debug)]
#[must_use = "nothing is armed before `arm` is called"]
pub struct DieWithParent {
    signal: Signal,
    expected_parent: Option<u32>,
    watch: bool,
    grace: Option<Duration>,
    process_group: bool,
    descendants: bool,
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
    pub const fn expected_parent(self, pid: u32) -> Self {
        DieWithParent { expected_parent: Some(pid), ..self }
    }

    /// Watches the parent process.
    pub const fn watch(self) -> Self {
        DieWithParent { watch: true, ..self }
    }

    /// Grace.
    pub const fn grace(self, grace: Duration) -> Self {
        DieWithParent { watch: true, grace: Some(grace), ..self }
    }

    /// Group.
    pub const fn process_group(self) -> Self {
        DieWithParent { watch: true, process_group: true, ..self }
    }

    /// Descendants.
    pub const fn descendants(self) -> Self {
        DieWithParent { watch: true, descendants: true, ..self }
    }

    /// Arms, once everything is chosen. See [`die_with_parent`] for what it does and where its limits are.
    ///
    /// # Errors
    ///
    /// Those of [`die_with_parent`]. Another parent than the expected one is no error: it means that the parent has
    /// died, and the signal is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{DieWithParent, Signal};
    ///
    /// DieWithParent::new(Signal::KILL).arm().unwrap();
    /// ```
    pub fn arm(self) -> Result<(), Error> {
        let main = MainThread::current()?;
        if self.watch {
            let DieWithParent { signal, grace, process_group, descendants, .. } = self;
            return watch::arm(&main, Plan { signal, grace, process_group, descendants }, self.expected_parent);
        }
        self.arm_kernel(&main)?;
        // Not before: until then, what was armed earlier protects.
        watch::cancel(&main);
        Ok(())
    }

    fn arm_kernel(&self, main: &MainThread) -> Result<(), Error> {
        // 1. Record, 2. arm, 3. compare: whenever the parent dies from 1 on, either the kernel sends the signal or 3 sees
        // another parent. That one need not be pid 1: the nearest subreaper adopts orphans.
        let recorded = sys::parent_id()?;
        main.set_parent_death_signal(Some(self.signal))?;
        self.compare(main, recorded).or_else(|error| {
            // Armed without having compared, the process might die with whoever adopted it.
            main.set_parent_death_signal(None)?;
            Err(error)
        })
    }

    fn compare(&self, main: &MainThread, recorded: u32) -> Result<(), Error> {
        let parent = sys::parent_id()?;
        if parent == recorded && parent == self.expected_parent.unwrap_or(recorded) {
            return Ok(());
        }
        // What the kernel would have done, had the parent died a moment later.
        let sent = main.send(self.signal);
        if self.signal == Signal::KILL {
            // Still alive: the first process of a pid namespace is spared its own SIGKILL, yet not the kernel's.
            sys::exit(128 + self.signal.as_raw());
        }
        sent
    }
}
