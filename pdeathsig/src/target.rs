//! What a target provides, and what the public items are made of.
//!
//! The module `platform` implements it once for Linux and Android, and once for all other targets. `lib.rs` chooses one
//! of the two, by the only `cfg` that does. `--cfg pdeathsig_backend="unsupported"` chooses the second one on Linux, so
//! that it can be compiled and tested there.
//!
//! Both also have a module `number` with the constants `SIGHUP` … `SIGSYS`, and `MAX`, the largest number of a signal.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io;
use std::process::{Child, Command};
use std::time::Instant;

use crate::parent_side::launcher::Options;
use crate::{DieWithParent, Error, ShutdownOutcome, Signal};

/// A target, as a type without values.
pub(crate) trait Target {
    /// A process that is held by a descriptor.
    type Process: Process;
    /// The process groups of a tether.
    type Groups: Groups;

    /// `SIGRTMIN` and `SIGRTMAX`.
    fn realtime_signals() -> (i32, i32);

    /// What to do about an error of this system call.
    fn remedy(call: &str, error: &io::Error) -> &'static str;

    fn parent_id() -> Result<u32, Error>;

    /// Arms what was chosen, in place of what was armed before.
    fn arm(options: DieWithParent) -> Result<(), Error>;

    /// Disarms.
    fn outlive_parent() -> Result<(), Error>;

    /// What the kernel holds for the calling thread.
    fn parent_death_signal() -> Result<Option<Signal>, Error>;

    /// The thread of `parent` that spawned this process.
    fn spawner_thread(parent: u32) -> io::Result<Option<u32>>;

    /// Arms the kernel's signal in each child of a command, between fork and exec.
    fn arm_before_exec(command: &mut Command, signal: Signal);

    /// Puts each child of a command into a process group, before exec.
    fn join_group(command: &mut Command, group: u32);

    /// Signals the process group that a child leads, or led until it was reaped.
    fn signal_group_of_child(child: u32, signal: Signal) -> io::Result<()>;

    /// Does a launcher's work, if this process was started for that, and then never returns.
    fn init_launcher();

    /// A command with a launcher around it.
    fn launcher_command(options: &Options, executable: Option<&OsStr>, program: &OsStr) -> io::Result<Command>;

    /// Becomes the launcher of a command.
    fn run_launcher(options: Options, command: Command) -> !;

    /// Sends SIGTERM to a child, unless it was reaped.
    fn terminate(child: &mut Child) -> io::Result<()>;
}

pub(crate) trait Process: Debug + Descriptor + Sized {
    fn pin(pid: u32) -> Result<Self, Error>;

    /// Whether the whole process has exited by `deadline`. Without one, waits until it has.
    fn has_exited_by(&self, deadline: Option<Instant>) -> io::Result<bool>;
}

/// What a tether does. In a fork of the process that made it, every method is an error, and to drop it does nothing.
///
/// To drop it signals every member.
pub(crate) trait Groups: Debug + Send + Sync + Sized {
    fn new(signal: Signal) -> Result<Self, Error>;

    /// An error in a fork of the process that made it.
    fn check_owner(&self) -> io::Result<()>;

    /// The group that the next command joins.
    fn next(&self) -> io::Result<u32>;

    /// Ties the group that a child leads.
    fn attach(&self, leader: u32) -> io::Result<()>;

    /// Whether a process is known to be a member.
    fn contains(&self, process: u32) -> bool;

    /// Signals every member.
    fn signal(&self, signal: Signal) -> io::Result<()>;

    /// Whether all members have exited by `deadline`. Without one, waits until they have.
    fn have_exited_by(&self, deadline: Option<Instant>) -> io::Result<bool>;

    /// Signals every member, and kills those that have not exited by `deadline`.
    fn shutdown(&self, signal: Signal, deadline: Option<Instant>) -> io::Result<ShutdownOutcome>;

    /// Gives up all groups without a signal, now or later.
    fn release(&self) -> io::Result<()>;
}

/// What std can do with a descriptor on this target.
#[cfg(unix)]
pub(crate) trait Descriptor: std::os::fd::AsFd + Into<std::os::fd::OwnedFd> {}
#[cfg(unix)]
impl<T: std::os::fd::AsFd + Into<std::os::fd::OwnedFd>> Descriptor for T {}

#[cfg(not(unix))]
pub(crate) trait Descriptor {}
#[cfg(not(unix))]
impl<T> Descriptor for T {}
