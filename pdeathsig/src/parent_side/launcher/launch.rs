//! The start of a launcher: from this process to *outer*, *inner* and the program.

mod ending;
mod inner;
mod outer;
mod passing;
mod program;
mod protocol;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::protocol::{Arguments, Order};
use crate::parent_side::launcher::Options;
use crate::platform::sys::{self, Inherited, Pidfd, Shared, SignalFd};
use crate::{Error, Signal};

/// The exit status of a launcher that failed.
const FAILED: i32 = 125;

/// How long an owner may take to die that is no longer the parent, as one that gives back much memory.
const DYING: Duration = Duration::from_secs(1);

/// Whether `init` was called, so that this executable can be a launcher.
static INITIALISED: AtomicBool = AtomicBool::new(false);

pub(super) fn init() {
    match protocol::read(arguments()) {
        Arguments::Ordinary => INITIALISED.store(true, Ordering::Relaxed),
        Arguments::Wrong(advice) => fail(advice),
        Arguments::Launcher(order) => obey(order),
    }
}

fn arguments() -> Vec<OsString> {
    let arguments: Vec<_> = env::args_os().collect();
    if !arguments.is_empty() {
        return arguments;
    }
    // Without the runtime of std, not every C library tells them.
    let line = fs::read("/proc/self/cmdline").unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|byte| *byte == 0).map(|argument| OsString::from_vec(argument.to_owned())).collect()
}

fn obey(order: Order) -> ! {
    if sys::is_secure() {
        fail(
            "this program is set-uid, set-gid or has file capabilities, so it cannot be a launcher: name another one with \
             `Launcher::executable`",
        );
    }
    // The kernel's would be `exe`.
    sys::set_name(b"pdeathsig\0\0\0\0\0\0\0");
    let mut command = Command::new(order.program);
    command.args(order.arguments);
    launch(Some(order.owner), order.options, command)
}

pub(super) fn command(options: &Options, executable: Option<&OsStr>, program: &OsStr) -> io::Result<Command> {
    if executable.is_none() {
        check_this_executable()?;
    }
    let mut command = Command::new(executable.unwrap_or(OsStr::new("/proc/self/exe")));
    protocol::write(&mut command, sys::own_id(), options, program);
    Ok(command)
}

/// Whether this executable can be the launcher.
fn check_this_executable() -> io::Result<()> {
    let refuse = |kind, advice: &str| Err(io::Error::new(kind, advice));
    if sys::is_secure() {
        return refuse(
            io::ErrorKind::PermissionDenied,
            "this program is set-uid, set-gid or has file capabilities, so it cannot be its own launcher: name another one, such as \
             the command `pdeathsig`, with `Launcher::executable`",
        );
    }
    if !INITIALISED.load(Ordering::Relaxed) {
        return refuse(
            io::ErrorKind::Other,
            "this program cannot be its own launcher, because it has not called `Launcher::init`: call it first in `main`, or \
             name another launcher, such as the command `pdeathsig`, with `Launcher::executable`",
        );
    }
    match sys::runs_from_executable() {
        Ok(true) => Ok(()),
        Ok(false) => refuse(
            io::ErrorKind::Other,
            "/proc/self/exe is not the file with this code, so it cannot be the launcher (a plug-in, or a dynamic loader started as a \
             program): name another one, such as the command `pdeathsig`, with `Launcher::executable`",
        ),
        Err(error) => {
            let advice = format!(
                "/proc/self/exe cannot be read ({error}), so this program cannot be its own launcher: mount /proc, or name another \
                 launcher, such as the command `pdeathsig`, with `Launcher::executable`"
            );
            Err(io::Error::new(error.kind(), advice))
        }
    }
}

pub(super) fn run(options: Options, command: Command) -> ! {
    launch(None, options, command)
}

/// What *outer* and *inner* have in common. *inner* has a copy of it.
#[derive(Debug)]
struct Setup {
    options: Options,
    /// The owner, if it can be seen, and those of `watch_pid`.
    above: Vec<Above>,
    outer: u32,
    outer_pidfd: Pidfd,
    /// Children from before this process became the launcher. They belong to no tree.
    spared: Vec<u32>,
    /// All of them, of the process that reads it.
    signals: SignalFd,
    shared: Shared,
    inherited: Inherited,
    command: Command,
}

/// A process whose exit ends the tree.
#[derive(Debug)]
struct Above {
    pidfd: Pidfd,
    /// Its pid, if it is one of `watch_pid`.
    watched: Option<u32>,
}

impl AsFd for Above {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Display for Above {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.watched {
            None => f.write_str("the parent"),
            Some(pid) => write!(f, "the watched process {pid}"),
        }
    }
}

/// `owner` is the process that made the command, if that was not this one.
fn launch(owner: Option<u32>, options: Options, command: Command) -> ! {
    if !sys::is_single_threaded() {
        fail(
            "this process has more than one thread, and a launcher must have one: call `Launcher::init` or `Launcher::run` first in \
             `main`, before an async runtime or a thread starts",
        );
    }
    let setup = match prepare(owner, options, command) {
        Ok(setup) => setup,
        Err(error) => fail(error),
    };
    let session_too = !is_job_of_owner(&setup);
    match sys::fork(Signal::CONT) {
        Ok(None) => inner::run(setup, session_too),
        Ok(Some(inner)) => outer::run(setup, inner),
        Err(source) => fail(Error::os("clone(2)")(source)),
    }
}

fn prepare(owner: Option<u32>, options: Options, command: Command) -> Result<Setup, Error> {
    let outer = sys::process_id()?;
    let inherited = Inherited::set_aside()?;
    // Without the first two, the end of the tree would never be noticed. Without the third, std panics.
    sys::can_wait().map_err(Error::os("waitid(2)"))?;
    sys::can_poll().map_err(Error::os("ppoll(2)"))?;
    sys::can_tell_time().map_err(Error::os("clock_gettime(2)"))?;
    let above = pin_above(outer, owner, &options)?;
    let setup = Setup {
        options,
        above,
        outer,
        outer_pidfd: Pidfd::open(outer).map_err(Error::os(sys::PIDFD_OPEN))?,
        spared: ending::own_children(),
        signals: SignalFd::of_all().map_err(Error::os("signalfd(2)"))?,
        shared: Shared::new().map_err(Error::os("mmap(2)"))?,
        inherited,
        command,
    };
    sys::set_subreaper(true).map_err(Error::os("prctl(PR_SET_CHILD_SUBREAPER)"))?;
    Ok(setup)
}

/// Pins each process whose death ends the tree.
fn pin_above(own: u32, owner: Option<u32>, options: &Options) -> Result<Vec<Above>, Error> {
    let mut above = Vec::new();
    if owner == Some(own) {
        fail(
            "this command replaced the process that made it (`CommandExt::exec`), and nothing is left that it could be tied to: spawn \
             it, or use `Launcher::run`",
        );
    }
    let parent = sys::parent_id()?;
    if parent == 0 {
        // Of the first process of a container the parent is the container's runtime, which stays.
        if own != 1 {
            say("the parent is in another pid namespace and cannot be watched: the tree ends with the program, or by a signal to this process");
        }
    } else {
        if let Some(owner) = owner {
            check_owner(parent, owner);
        }
        if let Some(expected) = options.expected_parent.filter(|expected| *expected != parent) {
            fail(format_args!(
                "the parent is process {parent}, not {expected}, so the command was not started: the expected parent has died, or \
                 is not what starts pdeathsig"
            ));
        }
        let pidfd = Pidfd::open(parent);
        // It may have died just now. Then the number may be another's.
        if sys::parent_id()? != parent {
            sys::die_of(Signal::KILL.as_raw());
        }
        above.push(Above { pidfd: pidfd.map_err(Error::os(sys::PIDFD_OPEN))?, watched: None });
    }
    for pid in &options.watched {
        match Pidfd::open(*pid) {
            Ok(pidfd) => above.push(Above { pidfd, watched: Some(*pid) }),
            Err(error) if matches!(error.raw_os_error(), Some(libc::ESRCH | libc::EINVAL)) => {
                return Err(Error::ProcessNotFound { pid: *pid });
            }
            Err(source) => return Err(Error::os(sys::PIDFD_OPEN)(source)),
        }
    }
    Ok(above)
}

/// The owner is known from before the fork, so there is no moment in which its death goes unnoticed.
fn check_owner(parent: u32, owner: u32) {
    if parent != owner {
        // The thread that spawned this process may have exited just before the owner's other threads.
        let end = Instant::now() + DYING;
        let lives = Pidfd::open(owner).is_ok_and(|pidfd| !pidfd.is_gone_by(Some(end)).unwrap_or(true));
        if lives {
            fail(format_args!(
                "this command was made by process {owner} and spawned by process {parent}: make it in the process that spawns it"
            ));
        }
        sys::die_of(Signal::KILL.as_raw());
    }
}

/// Whether the owner is in this session, but in another group, as a shell with job control is. It keeps this group from
/// being orphaned, and *inner* has to do the same for the groups that the program makes.
fn is_job_of_owner(setup: &Setup) -> bool {
    let owner = sys::parent_id().ok().filter(|owner| *owner != 0);
    owner.is_some_and(|owner| {
        sys::session_of(owner) == sys::session_of(0) && sys::group_of(owner) != sys::group_of(setup.outer)
    })
}

/// One line on standard error.
fn say(line: impl Display) {
    // If it cannot be written, nothing else can be done about it.
    let _ = writeln!(io::stderr(), "pdeathsig: {line}");
}

fn fail(advice: impl Display) -> ! {
    say(advice);
    sys::exit(FAILED)
}
