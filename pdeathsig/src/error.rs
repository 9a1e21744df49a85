//! What can go wrong.

use std::error;
use std::fmt;
use std::io;
use std::process;

use crate::platform::Platform;
use crate::target::Target;

/// Why a process could not be tied to its parent, released from it, or asked about it.
///
/// After an error nothing is half-armed: the process is as it was before the call, or it has no parent-death signal at
/// all.
///
/// `Debug` prints the same text as `Display`, so that `fn main() -> Result<(), Error>` shows what to do.
///
/// Functions that spawn, signal or wait return [`io::Error`]. `Error` converts into it, so `?` works.
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, Error, Signal};
///
/// let answer = std::thread::spawn(|| die_with_parent(Signal::KILL)).join().unwrap();
/// assert!(matches!(answer, Err(Error::NotMainThread { .. })));
/// ```
#[non_exhaustive]
pub enum Error {
    /// The call came from a thread other than the main one.
    ///
    /// The kernel keeps the parent-death signal for each thread, and drops it silently when that thread exits.
    /// Call first in `main`, or put `#[die_with_parent]` on it.
    #[non_exhaustive]
    NotMainThread {
        /// The id of the calling thread, as from [gettid(2)](https://man7.org/linux/man-pages/man2/gettid.2.html).
        thread: u32,
        /// The id of the process, which is that of its main thread.
        process: u32,
    },
    /// The parent is in another pid namespace. It has no id here: `getppid()` is 0
    /// ([util-linux/util-linux#1616](https://github.com/util-linux/util-linux/issues/1616)).
    ///
    /// This is so in a process that `docker exec`, `kubectl exec` or the like starts. Its kernel parent is a helper of
    /// the container runtime, which exits right after the start, so the kernel's signal would kill the process at
    /// once. Nothing is armed.
    ///
    /// The first process of a container is different. Its parent lives as long as the container, and
    /// [`die_with_parent`](fn@crate::die_with_parent) arms the kernel's signal there. [`Parent`](crate::Parent) and
    /// [`DieWithParent::watch`](crate::DieWithParent::watch) return this error there too.
    ParentNotVisible,
    /// The parent died while [`Parent::current`](crate::Parent::current) pinned it. Another process has adopted this
    /// one.
    ParentGone,
    /// No process has the pid that was given to [`DieWithParent::watch_pid`](crate::DieWithParent::watch_pid). Nothing
    /// is armed.
    ///
    /// A pid from outside a container means nothing inside.
    #[non_exhaustive]
    ProcessNotFound {
        /// The pid.
        pid: u32,
    },
    /// [`DieWithParent::watch_pid`](crate::DieWithParent::watch_pid) was called more than eight times. Nothing is
    /// armed.
    TooManyPids,
    /// The target is neither Linux nor Android.
    Unsupported,
    /// The system refused a call, or its answer cannot be used.
    #[non_exhaustive]
    Os {
        /// The call, as in `prctl(PR_SET_PDEATHSIG)`.
        call: &'static str,
        /// Its error. This is the [`source`](error::Error::source) too.
        ///
        /// The message includes it, so reporters that print the chain show it twice.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotMainThread { thread, process } => write!(
                f,
                "must be called on the main thread (this is thread {thread} of process {process}): the kernel drops the setting when the \
                 arming thread exits",
            ),
            // The first process of a container.
            Error::ParentNotVisible if process::id() == 1 => f.write_str(
                "the parent is in another pid namespace and cannot be watched: use `die_with_parent` without watch, grace, process_group or \
                 descendants",
            ),
            Error::ParentNotVisible => f.write_str(
                "the parent is in another pid namespace, as under `docker exec` and `kubectl exec`: it is a helper that exits at once, and \
                 arming would kill this process; start it from a process inside the container, or go on without protection",
            ),
            Error::ParentGone => f.write_str(
                "the parent died during the call, and another process has adopted this one: exit, or call again to take that process for \
                 the parent",
            ),
            Error::ProcessNotFound { pid } => write!(
                f,
                "no process has the pid {pid}, so it cannot be watched: pass the pid of a running process, as it is in this pid namespace \
                 (the pid of a process outside a container means nothing inside)",
            ),
            Error::TooManyPids => f.write_str("`watch_pid` takes up to 8 pids: watch fewer processes"),
            Error::Unsupported => f.write_str(
                "this target is neither Linux nor Android: leave the call out there, for example with #[cfg(target_os = \"linux\")]",
            ),
            Error::Os { call, source } if source.raw_os_error().is_none() => write!(f, "{call}: {source}"),
            Error::Os { call, source } => {
                let refused = source.kind() == io::ErrorKind::PermissionDenied;
                let verb = if refused { "was refused" } else { "failed" };
                write!(f, "{call} {verb}: {source}; {}", Platform::remedy(call, source))
            }
        }
    }
}

/// The same text as `Display`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Error::Os { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Keeps the [`Error`] as the inner error, with its message and its source.
///
/// The kind is that of the system's error, [`Unsupported`](io::ErrorKind::Unsupported) for [`Error::Unsupported`],
/// [`NotFound`](io::ErrorKind::NotFound) for [`Error::ProcessNotFound`], [`InvalidInput`](io::ErrorKind::InvalidInput)
/// for [`Error::TooManyPids`], else [`Other`](io::ErrorKind::Other).
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match &error {
            Error::Os { source, .. } => source.kind(),
            Error::Unsupported => io::ErrorKind::Unsupported,
            Error::ProcessNotFound { .. } => io::ErrorKind::NotFound,
            Error::TooManyPids => io::ErrorKind::InvalidInput,
            Error::NotMainThread { .. } | Error::ParentNotVisible | Error::ParentGone => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    fn refused() -> Error {
        Error::Os { call: "prctl(PR_SET_PDEATHSIG)", source: io::Error::from(io::ErrorKind::PermissionDenied) }
    }

    fn not_main_thread() -> Error {
        Error::NotMainThread { thread: 7, process: 3 }
    }

    #[test]
    fn each_message_says_what_and_what_to_do() {
        for (error, parts) in [
            (not_main_thread(), ["must be called on the main thread", "thread 7 of process 3"]),
            (refused(), ["prctl(PR_SET_PDEATHSIG)", "permission denied"]),
            (Error::Unsupported, ["neither Linux nor Android", "leave the call out"]),
            (Error::ParentNotVisible, ["docker exec", "inside the container"]),
            (Error::ParentGone, ["died during the call", "call again"]),
            (Error::ProcessNotFound { pid: 12 }, ["pid 12", "pass the pid"]),
            (Error::TooManyPids, ["up to 8", "fewer"]),
        ] {
            let message = error.to_string();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }

    #[test]
    fn debug_prints_the_message() {
        assert_eq!(format!("{:?}", not_main_thread()), not_main_thread().to_string());
        let error = io::Error::from(refused());
        assert!(format!("{error:?}").contains(&refused().to_string()), "{error:?}");
    }

    #[test]
    fn an_error_of_the_system_has_a_source() {
        assert_eq!(
            refused().source().unwrap().to_string(),
            io::Error::from(io::ErrorKind::PermissionDenied).to_string()
        );
        let others = [not_main_thread(), Error::ParentNotVisible, Error::ParentGone, Error::Unsupported];
        assert!(others.iter().all(|error| error.source().is_none()));
    }

    #[test]
    fn as_an_io_error_it_keeps_its_kind_its_message_and_itself() {
        for (error, kind) in [
            (refused(), io::ErrorKind::PermissionDenied),
            (Error::Unsupported, io::ErrorKind::Unsupported),
            (not_main_thread(), io::ErrorKind::Other),
            (Error::ParentNotVisible, io::ErrorKind::Other),
            (Error::ParentGone, io::ErrorKind::Other),
            (Error::ProcessNotFound { pid: 1 }, io::ErrorKind::NotFound),
            (Error::TooManyPids, io::ErrorKind::InvalidInput),
        ] {
            let message = error.to_string();
            let error = io::Error::from(error);
            assert_eq!((error.kind(), error.to_string()), (kind, message));
            assert!(error.get_ref().unwrap().is::<Error>());
        }
    }
}
