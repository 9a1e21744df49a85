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
/// std's own trait for Unix ([`std::os::unix::process::CommandExt`]) has the same name. Where both are needed, import one without
/// its name (imports by `*` would bring one of them alone):
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
/// tokio's `Command` has one of std's within: `command.as_std_mut().tether(&tether)?;`, then `command.spawn()?` in a statement of its own. In one
/// chain it would be std's command that is spawned, and a `Child` of std's that comes back.
///
/// Both methods act on what is spawned afterwards. A child that runs already can be ended, as by [`ChildExt`](crate::ChildExt), but not tied.
///
/// This trait is sealed: nothing else can implement it.
pub trait CommandExt: sealed::Sealed {
    /// Has the kernel send `signal` to what this command spawns when **the thread that spawns it** ends, or this process does.
    ///
    /// That is what the kernel's parent-death signal is bound to: a thread ([containers/bubblewrap#692]).
    /// Spawn from one that lives for as long as the process, such as the main one,
    /// or use [`tether`](Self::tether), which depends on no thread, reaches the child's own children, and does not make spawning
    /// slower. This is for the case that these are too much: it takes no descriptor and no process group.
    ///
    /// It is armed in the child, between fork and exec, so that the program need not know of it, and there is no window: if this process
    /// dies before it is armed, the child sends the signal to itself, and does not execute the program in any case (it exits with
    /// 128 and the signal's number if it lives). If this process handles, ignores or blocks the signal, the child does not
    /// ([util-linux/util-linux#1490] tells of the window and of the handler).
    ///
    /// [containers/bubblewrap#692]: https://github.com/containers/bubblewrap/issues/692
    /// [util-linux/util-linux#1490]: https://github.com/util-linux/util-linux/issues/1490
    ///
    /// # Errors
    ///
    /// If arming is refused, `spawn` returns that error, and the program is not executed. It is a mere number, since std carries no more out
    /// of the child: `prctl`, `getppid` or `getpid` was refused, where `spawn` works without this. So it does on targets other than Linux and Android,
    /// where it speaks of a zero byte (`InvalidInput`).
    ///
    /// # Limits
    ///
    /// - The thread, as above.
    /// - The command has to be spawned by the process that called this. `CommandExt::exec` of std, which spawns nothing, is an error
    ///   (`EINVAL`).
    /// - The kernel forgets it in the child's own children, and if the child executes a set-uid program or changes its user; see
    ///   [`die_with_parent`](fn@crate::die_with_parent#limits), which has the same limits, but for those before `main`.
    /// - It runs code between fork and exec. So std forks this process instead of using `posix_spawn`, which takes time by its size: with
    ///   1 GiB resident, some 20 milliseconds for a spawn.
    /// - If the children of this process are in another pid namespace, they do not see it: its death between the fork and the arming is not noticed.
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
    fn die_with_parent(&mut self, signal: Signal) -> &mut Self;

    /// Has what this command spawns join a process group of `tether`, before it executes the program: it dies when the tether is cut, with
    /// its own children. See [`Tether`].
    ///
    /// Call it for each spawn. A command that is tethered once may be spawned again, but then all of these are in one
    /// group, which makes the death of very many slower.
    ///
    /// It sets the command's [`process_group`](std::os::unix::process::CommandExt::process_group); the last setting counts.
    ///
    /// # Errors
    ///
    /// Those of [`Tether::new`], if it is time for another group. The tether stays as it is, and can be used again. The command is as it was.
    ///
    /// A spawn after the tether was dropped fails as a rule, with the bare number of std: `EPERM`, "Operation not permitted". So does one after a
    /// `setsid` of this process. `CommandExt::exec` of std, which spawns nothing, cuts the tether, and the program that it executes gets the signal,
    /// too.
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
