//! Commands whose whole process tree dies with this process.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;
use std::time::Duration;

use crate::platform::Platform;
use crate::target::Target;
use crate::Signal;

/// Starts programs whose whole process tree dies when this process does.
///
/// The tree is the program and everything it starts: daemons, `setsid`, job control, double forks. It needs nothing of
/// the program, which keeps its terminal, its process group and its descriptors.
///
/// Call [`init`](Self::init) first in `main`, then spawn what [`command`](Self::command) makes:
///
/// ```
/// use pdeathsig::Launcher;
///
/// fn main() -> std::io::Result<()> {
///     Launcher::init();
///     let mut child = Launcher::new().command("sh")?.args(["-c", "setsid sleep 60 & exit 3"]).spawn()?;
///     assert_eq!(child.wait()?.code(), Some(3));
///     // `sleep` is gone, too.
///     Ok(())
/// }
/// ```
///
/// Two small processes stand between this process and the program: *outer*, which is the child that `spawn` returns,
/// and *inner*, the parent of the program. Each watches everything above it. If one is killed, the other kills the
/// tree.
///
/// # When the tree ends
///
/// - **This process dies**, of whatever cause: the tree gets [`signal`](Self::signal). What is left after
///   [`grace`](Self::grace) is killed. A process of [`watch_pid`](Self::watch_pid) counts like this one.
/// - **The program exits**: what it leaves has one second to finish. Then it gets SIGTERM, and after the grace SIGKILL.
///   `wait` returns after that. The one second cannot be changed. With [`keep_background`](Self::keep_background), what
///   is left lives on, and nothing watches it.
/// - **The child gets SIGKILL**, as by [`Child::kill`](std::process::Child::kill): the tree is killed.
/// - **The child gets SIGTERM**: the whole tree gets it. It is killed after the grace, but only if a grace was set. What
///   is left when the program exits gets no second SIGTERM: for many programs that means to exit without cleaning up.
///
/// Other signals that the child gets are passed on to the program.
///
/// # Exit status
///
/// The child ends as the program does: with the same exit status, or of the same signal. 127 means that the program was
/// not found, 126 that it could not be executed, and 125 that the launcher failed. Each of the three goes with one line
/// on standard error. So to spawn a program that does not exist succeeds.
///
/// # Limits
///
/// - Only the death of this process counts, and of those of [`watch_pid`](Self::watch_pid). If a wrapper (`sh -c`,
///   `npx`) started this process, the death of what started the wrapper does not count.
/// - [`Child::id`](std::process::Child::id) is the id of *outer*. What acts on one process by its id acts on that one:
///   a priority, a control group, a tracer. In the program, `$PPID` is *inner*. `LISTEN_PID` and `WATCHDOG_PID` that
///   name *outer* are rewritten.
/// - After SIGKILL of the child, `wait` returns before the tree is gone. In every other case nothing of the tree is
///   left when it returns. [`Child::kill`](std::process::Child::kill) sends SIGKILL; send SIGTERM where the tree should
///   clean up.
/// - A program that became another user (`sudo`, `su`, `pkexec`) cannot be killed. Put the launcher inside: `sudo
///   pdeathsig …`.
/// - If *outer* is dead, nothing says what could not be killed: *inner* holds no standard error.
/// - A process that joins a pid namespace that was there before (`nsenter`), and dies, leaves its children to the first
///   process of that.
/// - A signal that is sent to a whole process group or control group by `kill` reaches the program twice.
/// - `pre_exec` closures, `LD_PRELOAD` and the like reach the launcher first.
/// - A daemon that the tree starts for others to share (sccache, gpg-agent, gradle) dies with the tree: start it
///   before, or use [`keep_background`](Self::keep_background).
/// - If both *outer* and *inner* are stopped by hand, or killed at once, nothing is left that could act.
/// - Not together with [`CommandExt::die_with_parent`](crate::CommandExt::die_with_parent).
///
/// It is a cleanup guarantee, not a security boundary.
///
/// # See also
///
/// [PR_SET_CHILD_SUBREAPER(2const)](https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html),
/// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
#[doc(alias = "PR_SET_CHILD_SUBREAPER")]
#[doc(alias = "kill_on_drop")]
#[doc(alias = "subreaper")]
#[doc(alias = "job object")]
#[doc(alias = "orphan")]
#[derive(Clone, Debug, Default)]
#[must_use = "a launcher does nothing until its command is spawned"]
pub struct Launcher {
    options: Options,
    /// Another launcher than this executable.
    executable: Option<OsString>,
}

/// What a launcher's processes have to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// What the tree gets when the owner dies; SIGKILL by default.
    pub(crate) signal: Option<Signal>,
    /// Whether it was set matters: SIGTERM starts it only then.
    pub(crate) grace: Option<Duration>,
    pub(crate) watched: Vec<u32>,
    pub(crate) keep_background: bool,
    /// The parent that there has to be, in place of any.
    pub(crate) expected_parent: Option<u32>,
    pub(crate) verbose: bool,
}

impl Launcher {
    /// Does the launcher's work in a process that [`command`](Self::command) started, and never returns there. In any
    /// other process it returns at once.
    ///
    /// Call it first in `main`, before any thread is started. The attribute `#[pdeathsig::launcher]` on `main` does so,
    /// before an async runtime starts.
    ///
    /// # Errors
    ///
    /// It exits with 125, and a line on standard error, in a launcher's process that cannot do its work: one that has
    /// more than one thread, was started by another version of this crate, is set-uid or has file capabilities.
    ///
    /// # Examples
    ///
    /// ```
    /// fn main() -> std::io::Result<()> {
    ///     pdeathsig::Launcher::init();
    ///     // The rest of the program.
    ///     Ok(())
    /// }
    /// ```
    pub fn init() {
        Platform::init_launcher();
    }

    /// A launcher that kills the tree when this process dies.
    ///
    /// # Examples
    ///
    /// ```
    /// let launcher = pdeathsig::Launcher::new();
    /// # let _ = launcher;
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the signal that every process of the tree gets when this process dies. The default is SIGKILL.
    ///
    /// What is left after the [`grace`](Self::grace) is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{Launcher, Signal};
    ///
    /// let launcher = Launcher::new().signal(Signal::TERM);
    /// # let _ = launcher;
    /// ```
    pub fn signal(mut self, signal: Signal) -> Self {
        self.options.signal = Some(signal);
        self
    }

    /// Sets how long the tree has between a signal that asks it to end and SIGKILL.
    ///
    /// | what happened | the time to SIGKILL, if none is set |
    /// | --- | --- |
    /// | this process died, and the tree got the [`signal`](Self::signal) | 10 seconds |
    /// | the program exited, and what it left got SIGTERM | 10 seconds |
    /// | the child got SIGTERM | **no SIGKILL follows**: the sender's own decides |
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{Launcher, Signal};
    /// use std::time::Duration;
    ///
    /// let launcher = Launcher::new().signal(Signal::TERM).grace(Duration::from_secs(3));
    /// # let _ = launcher;
    /// ```
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = Some(grace);
        self
    }

    /// Has the exit of another process count like the death of this one. It can be called more than once.
    ///
    /// The process is looked up when the command starts. A zombie counts as dead.
    ///
    /// # Errors
    ///
    /// If there is no process with this id, the child exits with 125.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Launcher;
    ///
    /// let launcher = Launcher::new().watch_pid(std::process::id());
    /// # let _ = launcher;
    /// ```
    pub fn watch_pid(mut self, pid: u32) -> Self {
        self.options.watched.push(pid);
        self
    }

    /// Lets what is left of the tree live on when the program exits by itself.
    ///
    /// Nothing watches what is left then: the launcher has exited too. **It lives on, also when this process dies.** If
    /// this process dies before the program exits, the whole tree dies, background processes included.
    ///
    /// For background processes that should live exactly as long as this process, also run this process behind the
    /// command: `pdeathsig ./agent`. Then what is left is in the tree of that.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Launcher;
    ///
    /// let launcher = Launcher::new().keep_background();
    /// # let _ = launcher;
    /// ```
    pub fn keep_background(mut self) -> Self {
        self.options.keep_background = true;
        self
    }

    /// Has another program be the launcher, in place of this executable: the command `pdeathsig`, or any program whose
    /// `main` begins with [`init`](Self::init). It is looked up in `PATH`.
    ///
    /// For a library or a unit test, where no `main` of yours calls `init`, and for a set-uid program.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Launcher;
    ///
    /// let command = Launcher::new().executable("pdeathsig").command("make")?;
    /// # let _ = command;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn executable(mut self, program: impl AsRef<OsStr>) -> Self {
        self.executable = Some(program.as_ref().to_owned());
        self
    }

    /// Makes a command that runs `program` with a launcher around it. Add arguments, standard streams and so on, and
    /// spawn it as usual.
    ///
    /// It is spawned by this process. If a fork of this process spawns it, the child exits with 125 after one second.
    /// It exits with 125, too, if this process executes it in its own place, as std's `CommandExt::exec` does.
    ///
    /// # Errors
    ///
    /// Without [`executable`](Self::executable), the command starts this executable (`/proc/self/exe`) again. That is
    /// an error
    ///
    /// - if [`init`](Self::init) was not called: this program would start itself without end;
    /// - if this program is set-uid or has file capabilities;
    /// - if `/proc/self/exe` is not the file with this code: in a plug-in of another program, under a dynamic loader
    ///   that was called as a program;
    /// - if `/proc` cannot be read.
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) on other targets than Linux and Android.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Launcher;
    /// use std::process::Stdio;
    ///
    /// fn main() -> std::io::Result<()> {
    ///     Launcher::init();
    ///     let output = Launcher::new().command("echo")?.arg("hello").stderr(Stdio::null()).output()?;
    ///     assert_eq!(output.stdout, b"hello\n");
    ///     Ok(())
    /// }
    /// ```
    pub fn command(&self, program: impl AsRef<OsStr>) -> io::Result<Command> {
        Platform::launcher_command(&self.options, self.executable.as_deref(), program.as_ref())
    }

    /// Turns this process into the launcher of a command, and ends as the command's program does. The owner is the
    /// parent of this process.
    ///
    /// The command `pdeathsig` is made of this. Where this process has children already, they belong to no tree: they
    /// are neither signalled nor waited for.
    ///
    /// # Errors
    ///
    /// It exits with 125, and a line on standard error, if it cannot do its work: if this process has more than one
    /// thread, for instance. See the [exit status](Self#exit-status).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use pdeathsig::Launcher;
    /// use std::process::Command;
    ///
    /// Launcher::new().run(Command::new("make"))
    /// ```
    pub fn run(self, command: Command) -> ! {
        Platform::run_launcher(self.options, command)
    }

    /// For the command `pdeathsig` alone; it may change in any release. The tree never starts if the parent is another
    /// by now.
    #[doc(hidden)]
    pub fn __expected_parent(mut self, pid: u32) -> Self {
        self.options.expected_parent = Some(pid);
        self
    }

    /// For the command `pdeathsig` alone; it may change in any release. Why the tree was ended, and what was in it, is
    /// told on standard error.
    #[doc(hidden)]
    pub fn __verbose(mut self) -> Self {
        self.options.verbose = true;
        self
    }
}
