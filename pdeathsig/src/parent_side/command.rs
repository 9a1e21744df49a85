//! Commands whose children die with this process.

use std::io;
use std::process::Command;

use crate::platform::Platform;
use crate::target::Target;
use crate::{Signal, Tether};

mod sealed {
    pub trait Sealed {}
    impl Sealed for std::process::Command {}
}

/// For [`std::process::Command`]: what it spawns dies with this process.
///
/// std's own trait for Unix, [`std::os::unix::process::CommandExt`], has the same name. If you need both, import one as
/// `_`:
///
/// ```
/// use pdeathsig::{CommandExt as _, Signal, Tether};
/// use std::os::unix::process::CommandExt;
/// use std::process::Command;
///
/// # fn main() -> std::io::Result<()> {
/// let tether = Tether::new(Signal::KILL)?;
/// Command::new("true").arg0("verily").tether(&tether)?.status()?;
/// # Ok(())
/// # }
/// ```
///
/// tokio's `Command` contains one of std: `command.as_std_mut().tether(&tether)?;`, then `command.spawn()?` in a
/// statement of its own. In one chain you would spawn std's command, and get std's `Child`.
///
/// Both methods act on what is spawned afterwards. For a child that already runs, use [`Tether::attach`] or
/// [`ChildExt`](crate::ChildExt).
///
/// This trait is sealed: nothing else can implement it.
pub trait CommandExt: sealed::Sealed {
    /// Makes the kernel send `signal` to the child when **the thread that spawns it** exits, or this process does.
    ///
    /// The kernel's parent-death signal is bound to a thread ([containers/bubblewrap#692]). Spawn from a thread that
    /// lives as long as the process, such as the main thread. Or use [`tether`](Self::tether), which does not
    /// depend on a thread, reaches the child's own children, and does not make spawning slower. Use this method if
    /// the child must stay in your process group, or beside [`Tether::attach`], for the child itself until it is
    /// attached.
    ///
    /// The signal is armed in the child between fork and exec, so the child can be any program. There is no window: if
    /// this process dies before that, the child sends the signal to itself, and does not execute the program (if it
    /// survives the signal, it exits with 128 plus the signal's number). In the child the signal has its default
    /// action and is not blocked, whatever this process does with it ([util-linux/util-linux#1490] reports both
    /// races).
    ///
    /// [containers/bubblewrap#692]: https://github.com/containers/bubblewrap/issues/692
    /// [util-linux/util-linux#1490]: https://github.com/util-linux/util-linux/issues/1490
    ///
    /// # Errors
    ///
    /// If arming fails, `spawn` returns the error, and the program is not executed. std passes on only the error
    /// number:
    ///
    /// - `EPERM` or another one: a sandbox refuses `prctl`, `getppid`, `getpid` or `sigaction`. `spawn` works there
    ///   without this method.
    /// - `EINVAL`: [`CommandExt::exec`](std::os::unix::process::CommandExt::exec) of std was called, which spawns no
    ///   child.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) on Unix targets other than Linux and Android; on other targets
    ///   `InvalidInput`, which speaks of a zero byte.
    ///
    /// # Limits
    ///
    /// - The thread, as above.
    /// - Call this in the process that spawns the command, not in its parent before a fork.
    /// - The child's own children are not covered. The kernel drops the setting if the child executes a set-uid program
    ///   or changes its user. The [limits of `die_with_parent`](fn@crate::die_with_parent#limits) apply, except those
    ///   about the time before `main`.
    /// - It runs code between fork and exec, so std forks this process instead of using `posix_spawn`. That takes time
    ///   by its size: with 1 GiB resident, some 20 milliseconds for each spawn.
    /// - If the children of this process are in another pid namespace, they do not see it. Its death between fork and
    ///   arming is then not noticed.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Signal};
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sleep").arg("60").die_with_parent(Signal::KILL).spawn()?;
    /// # child.kill()?;
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html),
    /// [`pre_exec`](std::os::unix::process::CommandExt::pre_exec)
    #[doc(alias = "PR_SET_PDEATHSIG")]
    fn die_with_parent(&mut self, signal: Signal) -> &mut Self;

    /// Makes the child, and everything it starts, join `tether` before exec. See [`Tether`].
    ///
    /// Call it for each spawn. If you spawn a command again without calling it again, both children are in one group.
    ///
    /// It sets the command's [`process_group`](std::os::unix::process::CommandExt::process_group). The last setting
    /// counts: a crate that sets another group at the spawn, such as process-wrap or command-group, undoes it.
    /// Check by [`Tether::contains`], and use [`Tether::attach`] there.
    ///
    /// # Errors
    ///
    /// - Those of [`Tether::new`], if the tether has no group that the command could join.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput) in a fork of the tether's owner.
    ///
    /// The tether and the command stay as they were, and can be used again.
    ///
    /// The spawn fails with `EPERM`, "Operation not permitted", if the tether was dropped or shut down after this call,
    /// or if this process called `setsid` after it. std passes on only the number. Call `tether` and `spawn`
    /// together, and keep the tether.
    ///
    /// # Limits
    ///
    /// [`CommandExt::exec`](std::os::unix::process::CommandExt::exec) of std spawns no child. It executes the program
    /// in place of the owner, which signals all members, the program included.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::{CommandExt, Signal, Tether};
    /// use std::process::Command;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let tether = Tether::new(Signal::KILL)?;
    /// let mut children = Vec::new();
    /// for _ in 0..3 {
    ///     children.push(Command::new("sleep").arg("60").tether(&tether)?.spawn()?);
    /// }
    /// drop(tether);
    /// for mut child in children {
    ///     child.wait()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # See also
    ///
    /// [setpgid(2)](https://man7.org/linux/man-pages/man2/setpgid.2.html),
    /// [posix_spawn(3)](https://man7.org/linux/man-pages/man3/posix_spawn.3.html)
    fn tether(&mut self, tether: &Tether) -> io::Result<&mut Self>;
}

impl CommandExt for Command {
    fn die_with_parent(&mut self, signal: Signal) -> &mut Command {
        Platform::arm_before_exec(self, signal);
        self
    }

    fn tether(&mut self, tether: &Tether) -> io::Result<&mut Command> {
        let group = tether.next_group()?;
        Platform::join_group(self, group);
        Ok(self)
    }
}
