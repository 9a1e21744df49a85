//! Signals to a child and to its process group.

use std::io;
use std::process::Child;

use crate::platform::Platform;
use crate::target::Target;
use crate::Signal;

mod sealed {
    pub trait Sealed {}
    impl Sealed for std::process::Child {}
}

/// For [`std::process::Child`]: signals to the process group that a child leads, and SIGTERM to the child.
///
/// std's `kill` kills the child alone, and what it started lives on
/// ([majiayu000/harness#670](https://github.com/majiayu000/harness/issues/670)). A child leads a group if it was spawned with
/// [`process_group(0)`](std::os::unix::process::CommandExt::process_group), or made one itself, for example by
/// `setsid`. Otherwise it is in another process's group, and you get a clear error instead of a signal. A raw
/// `kill(-pid)` would do nothing, or hit unrelated processes.
///
/// A child of a [`Tether`](crate::Tether) leads no group. [`Tether::send_signal`](crate::Tether::send_signal) reaches
/// it and everything it started.
///
/// tokio's `Child` does not contain one of std. Use a [`Tether`](crate::Tether) there.
///
/// The names of the first two are those of the accepted proposal for the standard library (rust-lang/libs-team#791).
///
/// This trait is sealed: nothing else can implement it.
pub trait ChildExt: sealed::Sealed {
    /// Kills all members of the child's process group, the child included:
    /// [`send_process_group_signal`](Self::send_process_group_signal) with SIGKILL.
    ///
    /// # Errors
    ///
    /// Those of [`send_process_group_signal`](Self::send_process_group_signal).
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::ChildExt;
    /// use std::os::unix::process::CommandExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sh").args(["-c", "sleep 60 & sleep 60"]).process_group(0).spawn()?;
    /// child.kill_process_group()?;
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)
    fn kill_process_group(&mut self) -> io::Result<()>;

    /// Sends a signal to all members of the child's process group, the child included. A process that is forked
    /// meanwhile gets it too.
    ///
    /// If the child was waited for, members that live on in its group still get the signal. Without members it is
    /// `Ok(())`.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) if the child does not lead a group. The message names the child,
    ///   its group, and the remedy; it knows whether the child is tethered.
    /// - That of [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html) if no member may be signalled (`EPERM`), or
    ///   if a sandbox refuses the call; and that of [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html),
    ///   without which it is not known whether the number is still the child's.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the target is neither Linux nor Android.
    ///
    /// # Limits
    ///
    /// - Until the child is waited for, its number is its own. Afterwards it stays so while its group has a member.
    ///   When the group is empty, the number may be reused. The new process is recognised if it still exists, or if its
    ///   group is in another session than this process's and the child's. One case is left: the number went to a
    ///   process of this session that made a group or a session, and exited, leaving others in that group.
    /// - Call it in the process that spawned the child. In a fork of that process it sends nothing.
    /// - Members that left the group are out of reach. A [`Tether`](crate::Tether) shares this limit, but not the
    ///   others.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{ChildExt, Signal};
    /// use std::os::unix::process::CommandExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// // It does not lead a group: it is in this process's own.
    /// assert!(child.send_process_group_signal(Signal::TERM).is_err());
    /// # child.kill()?;
    /// # child.wait()?;
    ///
    /// let mut child = Command::new("sleep").arg("60").process_group(0).spawn()?;
    /// child.send_process_group_signal(Signal::TERM)?;
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html), [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html),
    /// [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html)
    fn send_process_group_signal(&mut self, signal: Signal) -> io::Result<()>;

    /// Sends SIGTERM to the child alone, so that it can clean up and exit. `Ok(())` if it was reaped.
    ///
    /// It is the graceful counterpart of [`Child::kill`](std::process::Child::kill). Call
    /// [`wait`](std::process::Child::wait) afterwards. If the child has already exited, this reaps it, as
    /// [`try_wait`](std::process::Child::try_wait) does, and `wait` still returns its status.
    ///
    /// # Errors
    ///
    /// - That of [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html): `EPERM` if the child runs as a user that
    ///   this process has no permission to signal, or if a sandbox refuses the call.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the target is neither Linux nor Android.
    ///
    /// # Limits
    ///
    /// A child that ignores or blocks SIGTERM lives on. What the child started does not get the signal.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{ChildExt, Signal};
    /// use std::os::unix::process::ExitStatusExt;
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sleep").arg("60").spawn()?;
    /// child.terminate()?;
    /// assert_eq!(child.wait()?.signal(), Some(Signal::TERM.as_raw()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html)
    fn terminate(&mut self) -> io::Result<()>;
}

impl ChildExt for Child {
    fn kill_process_group(&mut self) -> io::Result<()> {
        self.send_process_group_signal(Signal::KILL)
    }

    fn send_process_group_signal(&mut self, signal: Signal) -> io::Result<()> {
        Platform::signal_group_of_child(self.id(), signal)
    }

    fn terminate(&mut self) -> io::Result<()> {
        Platform::terminate(self)
    }
}
