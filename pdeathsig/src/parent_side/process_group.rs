//! A child's process group.

use std::io;
use std::process::Child;

use crate::platform::Platform;
use crate::target::Target;
use crate::Signal;

mod sealed {
    pub trait Sealed {}
    impl Sealed for std::process::Child {}
}

/// For [`std::process::Child`]: signals to the process group that a child leads.
///
/// A child leads one if it was spawned with [`process_group(0)`](std::os::unix::process::CommandExt::process_group), or has made one itself, as by
/// `setsid`. It is a member of its parent's otherwise, and no signal is sent. std's `kill` ends the child alone, and what it
/// started lives on ([majiayu000/harness#670](https://github.com/majiayu000/harness/issues/670)).
///
/// tokio's `Child` has none of std's within. Use a [`Tether`](crate::Tether) for such, whose [`send_signal`](crate::Tether::send_signal) reaches all members.
///
/// The names are those of the accepted proposal for the standard library (rust-lang/libs-team#791).
///
/// This trait is sealed: nothing else can implement it.
pub trait ChildExt: sealed::Sealed {
    /// Kills all members of the child's process group, the child included: [`send_process_group_signal`](Self::send_process_group_signal)
    /// with SIGKILL.
    ///
    /// # Errors
    ///
    /// See there.
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

    /// Sends a signal to all members of the child's process group, the child included. Nobody is missed who is born meanwhile.
    ///
    /// When the child was waited for, others may live on in its group: they get the signal. If there are none it is `Ok(())`.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) if the child does not lead a group. The message names the child, the group that it is in, and the
    ///   remedy.
    /// - That of [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html) if no member may be signalled (`EPERM`), or if a sandbox refuses it;
    ///   and that of [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html), without which the child cannot be told from a stranger.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) where the target is neither Linux nor Android.
    ///
    /// # Limits
    ///
    /// - As long as the child was not waited for, its number is its own. After that it is, too, for as long as its group has a member. If the group is
    ///   empty, the number may be given to a stranger: that one is recognised if it is there itself, or if its group is in a session other than this
    ///   process's and the child's. Left is one case: the number went to a process of this session that made a group of it, or to one that made a session
    ///   of it, and that has ended, too, leaving others in the group.
    /// - To be called by the process that spawned the child. In a fork of that, it sends nothing.
    /// - Members that left the group are out of reach. A [`Tether`](crate::Tether) has this limit, too, but none of the others.
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
    /// // It does not lead a group, and this process is in the same one.
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
}

impl ChildExt for Child {
    fn kill_process_group(&mut self) -> io::Result<()> {
        self.send_process_group_signal(Signal::KILL)
    }

    fn send_process_group_signal(&mut self, signal: Signal) -> io::Result<()> {
        Platform::signal_group_of_child(self.id(), signal)
    }
}
