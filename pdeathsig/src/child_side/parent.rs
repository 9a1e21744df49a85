//! The parent process, pinned: the primitive on which everything process-scoped stands.

use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use crate::platform::Platform;
use crate::target::{Process as _, Target};
use crate::Error;

type Pinned = <Platform as Target>::Process;

/// The parent **process**, held by a descriptor, so that its end can be waited for.
///
/// It is for programs that have a loop of their own and want to end in their own way, or to do something else, when the
/// parent is gone. Those that want a signal use [`DieWithParent::watch`](crate::DieWithParent::watch), which does the waiting.
///
/// The kernel's parent-death signal comes when the *thread* that spawned this process ends; a `Parent` is gone only when the
/// whole process is. And it can never stand for another process that got the same number later: the descriptor pins it.
///
/// The descriptor ([`AsFd`], [`AsRawFd`]) becomes readable when the parent is gone, and stays so. It works with
/// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html), [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)
/// and what is built on them, such as tokio's `AsyncFd`. There is nothing to read from it. It is closed on exec. As long as
/// the `Parent` lives, it is open and the same, which is what the constructors of `AsyncFd` that are unsafe ask for. Without unsafe code, a thread
/// that calls [`wait`](Parent::wait) and then sends a message does.
///
/// # Limits
///
/// - A parent that died before [`current`](Parent::current) cannot be told from the process that adopted this one, unless the
///   child knows its parent's [`id`](Parent::id) from elsewhere.
/// - It needs Linux 5.3.
/// - A parent that executes another program is still the same process; one that writes a core dump lives until it is written.
/// - After a fork it is still the parent of the one that forked, which for the fork is its grandparent.
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
    /// Pins the process that is this one's parent now. It may be called on any thread.
    ///
    /// # Errors
    ///
    /// - [`Error::ParentNotVisible`] if the parent is outside this process's pid namespace.
    /// - [`Error::ParentGone`] if it died just then. A second call pins the process that has adopted this one.
    /// - [`Error::Os`] from `pidfd_open(2)` on a kernel older than 5.3 (`ENOSYS`), or if no descriptor is left to this process
    ///   (`EMFILE`) or to the system (`ENFILE`); and from any call that a sandbox refuses.
    /// - [`Error::Unsupported`] where the target is neither Linux nor Android.
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
        // 1. Ask who it is, 2. pin that, 3. ask again. A parent that is still the same at 3 was not reaped at 2, so the
        // number was its own.
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

    /// Its process id, in this process's pid namespace. When the parent is gone, the number may come to stand for another.
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

    /// Whether it has not ended yet. A parent that has ended and waits to be reaped, a zombie, is not alive.
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
            // A sandbox that refuses to poll: while it lives it is the parent.
            Err(_) => Platform::parent_id().is_ok_and(|id| id == self.id),
        }
    }

    /// Waits until the parent is gone, for as long as it takes. The thread sleeps in the kernel meanwhile.
    ///
    /// Signals that a handler catches do not end the wait.
    ///
    /// In async code, where `AsyncFd` does not fit, wait on a thread of your own, as below, and have it send to a channel. Not in tokio's
    /// `spawn_blocking`: a runtime that ends waits for that, and so would not end before the parent does.
    ///
    /// # Errors
    ///
    /// That of [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html), if a sandbox refuses it or memory is short; `EBADF` if
    /// foreign code has closed the descriptor.
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

    /// Waits until the parent is gone, but not longer than `timeout`. `true` means that it is gone.
    ///
    /// The time is measured by the monotonic clock, to the nanosecond where the kernel can; time in which the system sleeps does
    /// not count. Signals that a handler catches neither end nor prolong it. [`Duration::ZERO`] asks without waiting, and a timeout beyond
    /// what the clock can tell, as [`Duration::MAX`], is none.
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

    /// The thread of the parent that counts as the one that spawned this process: the one at whose end the kernel sends a
    /// parent-death signal. `None` if the parent is gone, or if this
    /// `Parent` was made before a fork, by the process that forked this one.
    ///
    /// If it is not [`id`](Parent::id), the parent's main thread, the kernel's signal may come while the parent lives, as with
    /// tokio's `spawn_blocking`, thread pools and Go; then [`DieWithParent::watch`](crate::DieWithParent::watch) is the cure. When
    /// a thread ends, its children pass to another one of the parent, so the answer changes.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound) and others of reading `/proc`, where it is not mounted or hides the parent.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) if the kernel was built without `CONFIG_PROC_CHILDREN`, if `/proc` belongs to
    ///   another pid namespace, and on unsupported targets.
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

/// The descriptor alone, a pidfd, which is good for [waitid(2)](https://man7.org/linux/man-pages/man2/waitid.2.html) and
/// [pidfd_send_signal(2)](https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html) too.
#[cfg(unix)]
impl From<Parent> for OwnedFd {
    fn from(parent: Parent) -> OwnedFd {
        parent.process.into()
    }
}
