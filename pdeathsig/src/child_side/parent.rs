//! The parent process, held by a descriptor.

use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::platform::Platform;
use crate::target::{Process as _, Target};
use crate::Error;

type Pinned = <Platform as Target>::Process;

/// The parent **process**, held by a descriptor, so that you can wait for its exit.
///
/// Use it if you want to be notified in your own event loop, and exit in your own way. If you want a signal, use
/// [`DieWithParent::watch`](crate::DieWithParent::watch), which waits for you.
///
/// The kernel's parent-death signal comes when the *thread* that spawned this process exits. A `Parent` is gone only
/// when the whole process has exited. The descriptor never stands for another process that gets the same pid later.
///
/// The descriptor ([`AsFd`], [`AsRawFd`]) becomes readable when the parent has exited, and stays readable. It works
/// with [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html), [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)
/// and what is built on them, such as tokio's `AsyncFd`. There is nothing to read from it. Exec closes it. It stays
/// open and the same as long as the `Parent` lives, which the unsafe constructors of `AsyncFd` require. Without unsafe
/// code, use a thread that calls [`wait`](Parent::wait) and then sends a message.
///
/// # Limits
///
/// - A parent that died before [`current`](Parent::current) cannot be told from the process that adopted this one,
///   unless the child knows the parent's [`id`](Parent::id) already.
/// - It needs Linux 5.3.
/// - A parent that executes another program is still the same process. A parent that writes a core dump lives until the
///   dump is written.
/// - In a fork of this process, it is still the parent of the process that forked. To the fork, that is its
///   grandparent.
///
/// # Examples
///
/// ```
/// use pdeathsig::Parent;
/// use std::time::Duration;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let parent = Parent::current()?;
///     # let mut work = 2;
///     while !parent.wait_timeout(Duration::from_millis(10))? {
///         // Do a piece of work.
///         # work -= 1;
///         # if work == 0 { return Ok(()) }
///     }
///     // The parent is gone: clean up, and return.
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Parent {
    pub(crate) process: Pinned,
    id: u32,
}

impl Parent {
    /// Pins the process that is this one's parent now. Call it on any thread.
    ///
    /// # Errors
    ///
    /// - [`Error::ParentNotVisible`] if the parent is outside this process's pid namespace.
    /// - [`Error::ParentGone`] if the parent died during the call. A second call pins the process that has adopted this
    ///   one.
    /// - [`Error::Os`] from `pidfd_open(2)` on a kernel older than 5.3 (`ENOSYS`), or if this process (`EMFILE`) or the
    ///   system (`ENFILE`) has no descriptor left, and from any call that a sandbox refuses.
    /// - [`Error::Unsupported`] if the target is neither Linux nor Android.
    ///
    /// # Examples
    ///
    /// ```
    /// let parent = pdeathsig::Parent::current().unwrap();
    /// assert_eq!(parent.id(), std::os::unix::process::parent_id());
    /// assert!(parent.is_alive());
    /// ```
    ///
    /// # See also
    ///
    /// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html),
    /// [getppid(2)](https://man7.org/linux/man-pages/man2/getppid.2.html)
    pub fn current() -> Result<Parent, Error> {
        // 1. Read the parent's id. 2. Pin it. 3. Read the id again. If it is the same at 3, the parent was not reaped
        //    at 2, so the number was
        // still its own.
        let id = Platform::parent_id()?;
        if id == 0 {
            return Err(Error::ParentNotVisible);
        }
        let process = Pinned::pin(id);
        if Platform::parent_id()? != id {
            return Err(Error::ParentGone);
        }
        Ok(Parent { process: process?, id })
    }

    /// Returns its process id in this process's pid namespace. After the parent's exit, another process may get this
    /// number.
    ///
    /// # Examples
    ///
    /// ```
    /// let parent = pdeathsig::Parent::current().unwrap();
    /// println!("started by {}", parent.id());
    /// ```
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns whether it has not exited yet. A zombie, which has exited and was not reaped, is not alive.
    ///
    /// # Examples
    ///
    /// ```
    /// let parent = pdeathsig::Parent::current().unwrap();
    /// assert!(parent.is_alive());
    /// ```
    ///
    /// # See also
    ///
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match self.process.has_exited_by(Some(Instant::now())) {
            Ok(gone) => !gone,
            // A sandbox refuses to poll. As long as the parent lives, it is the parent.
            Err(_) => Platform::parent_id().is_ok_and(|id| id == self.id),
        }
    }

    /// Waits until the parent has exited. The thread sleeps in the kernel meanwhile.
    ///
    /// Signals that a handler catches do not end the wait.
    ///
    /// In async code where `AsyncFd` does not fit, wait on a thread of your own, as below, and send to a channel. Do
    /// not use tokio's `spawn_blocking`: a runtime that shuts down waits for it, and so waits for the parent's
    /// exit.
    ///
    /// # Errors
    ///
    /// That of [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html) if a sandbox refuses it or memory is short. `EBADF` if other code has
    /// closed the descriptor.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // It would wait for the end of the test runner.
    /// let parent = pdeathsig::Parent::current()?;
    /// std::thread::spawn(move || {
    ///     if parent.wait().is_ok() {
    ///         eprintln!("the parent is gone");
    ///         std::process::exit(0);
    ///     }
    /// });
    /// # Ok::<(), pdeathsig::Error>(())
    /// ```
    ///
    /// # See also
    ///
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    pub fn wait(&self) -> io::Result<()> {
        self.process.has_exited_by(None).map(drop)
    }

    /// Waits until the parent has exited, at most for `timeout`. Returns whether it has exited.
    ///
    /// The time is measured by the monotonic clock, which does not count suspended time. Signals that a handler catches
    /// neither end nor prolong the wait. [`Duration::ZERO`] returns at once. With a time beyond what the clock can
    /// tell, such as [`Duration::MAX`], there is no timeout.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Parent::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let parent = pdeathsig::Parent::current()?;
    /// let gone = parent.wait_timeout(Duration::from_millis(5))?;
    /// assert!(!gone);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # See also
    ///
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html),
    /// [clock_gettime(2)](https://man7.org/linux/man-pages/man2/clock_gettime.2.html) for `CLOCK_MONOTONIC`
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<bool> {
        self.process.has_exited_by(Instant::now().checked_add(timeout))
    }

    /// Returns the thread of the parent at whose exit the kernel sends the parent-death signal: the one that spawned
    /// this process.
    ///
    /// Returns `None` if the parent has exited, or in a fork of the process that made this `Parent`.
    ///
    /// If the thread is not the parent's main thread, whose number is [`id`](Parent::id), the kernel's signal may come
    /// while the parent lives. This is so with tokio's `spawn_blocking`, thread pools and Go. Use
    /// [`DieWithParent::watch`](crate::DieWithParent::watch) then. When a thread exits, its children pass to
    /// another thread of the parent, so the answer changes.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound), or another error of reading `/proc`, if it is not mounted or hides the
    ///   parent.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the kernel was built without `CONFIG_PROC_CHILDREN`, if `/proc`
    ///   belongs to another pid namespace, and on unsupported targets.
    ///
    /// # Examples
    ///
    /// ```
    /// let parent = pdeathsig::Parent::current()?;
    /// match parent.spawner_thread() {
    ///     Ok(Some(thread)) if thread != parent.id() => eprintln!("spawned by the thread {thread}: use `watch`"),
    ///     Ok(_) => {}
    ///     Err(error) => eprintln!("cannot tell: {error}"),
    /// }
    /// # Ok::<(), pdeathsig::Error>(())
    /// ```
    ///
    /// # See also
    ///
    /// [proc_tid_children(5)](https://man7.org/linux/man-pages/man5/proc_tid_children.5.html)
    pub fn spawner_thread(&self) -> io::Result<Option<u32>> {
        Platform::spawner_thread(self.id)
    }
}

#[cfg(unix)]
impl AsFd for Parent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.process.as_fd()
    }
}

#[cfg(unix)]
impl AsRawFd for Parent {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// The descriptor alone. It is a pidfd, so [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html) and
/// [pidfd_send_signal(2)](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html) take it too.
#[cfg(unix)]
impl From<Parent> for OwnedFd {
    fn from(parent: Parent) -> OwnedFd {
        parent.process.into()
    }
}
