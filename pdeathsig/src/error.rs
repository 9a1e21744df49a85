//! What can go wrong.

use std::error;
use std::fmt;
use std::io;

use crate::platform::Platform;
use crate::target::Target;

/// Why a process could not be tied to its parent, freed from it, or asked about it.
///
/// After an error nothing is half-armed: the process is as it was before the call, or has no parent-death signal at all.
///
/// What spawns, sends or waits has [`io::Error`], into which this one is converted: a function that does both returns [`io::Result`], or any type
/// that takes either.
///
/// # Examples
///
/// ```
/// use pdeathsig::{die_with_parent, Error, Signal};
///
/// let answer = std::thread::spawn(|| die_with_parent(Signal::KILL)).join().unwrap();
/// assert!(matches!(answer, Err(Error::NotMainThread { .. })));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The call came from a thread other than the main one.
    ///
    /// The kernel keeps the parent-death signal for each thread and forgets it, without a word, when that thread ends.
    /// Call first thing in `main`, or put `#[die_with_parent]` on it.
    #[non_exhaustive]
    NotMainThread {
        /// The id of the calling thread, as [gettid(2)](https://man7.org/linux/man-pages/man2/gettid.2.html) tells it.
        thread: u32,
        /// The id of the process, which is that of its main thread.
        process: u32,
    },
    /// The parent is outside this process's pid namespace, so that it has no id here, where `getppid()` is 0
    /// ([util-linux/util-linux#1616](https://github.com/util-linux/util-linux/issues/1616)), and cannot be watched.
    ///
    /// Arming the kernel's signal works there all the same; what waits for the parent process does not:
    /// [`Parent`](crate::Parent) and [`DieWithParent::watch`](crate::DieWithParent::watch).
    ParentNotVisible,
    /// The parent died just while [`Parent::current`](crate::Parent::current) pinned it.
    ///
    /// Another process, which has adopted this one, is its parent now.
    ParentGone,
    /// The target is neither Linux nor Android.
    Unsupported,
    /// The system refused a call, or answered what cannot be used.
    #[non_exhaustive]
    Os {
        /// The call, as in `prctl(PR_SET_PDEATHSIG)`.
        call: &'static str,
        /// Its error, which is the [`source`](error::Error::source) as well. The message has it, too, being whole where only the message is
        /// printed; what prints the sources behind it, as `{:#}` of anyhow, tells it twice.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotMainThread { thread, process } => write!(
                f,
                "this is thread {thread} of process {process}, and the kernel forgets a parent-death signal with the thread that \
                 armed it: call on the main thread, best as the first thing in `main`",
            ),
            Error::ParentNotVisible => f.write_str(
                "the parent is outside this process's pid namespace and cannot be watched from within: \
                 arm the kernel's signal, without `watch` and what implies it (`grace`, `process_group`, `descendants`)",
            ),
            Error::ParentGone => f.write_str(
                "the parent has died just now, and another process has adopted this one: end, or call again to take that \
                 one for the parent",
            ),
            Error::Unsupported => f.write_str(
                "only Linux and Android have a parent-death signal: leave the call out on other targets, \
                 as with #[cfg(any(target_os = \"linux\", target_os = \"android\"))]",
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

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Error::Os { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Keeps the whole [`Error`] as the inner error, so that its message and its source survive. The kind is that of the
/// system's error, [`Unsupported`](io::ErrorKind::Unsupported) for [`Error::Unsupported`], else
/// [`Other`](io::ErrorKind::Other).
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match &error {
            Error::Os { source, .. } => source.kind(),
            Error::Unsupported => io::ErrorKind::Unsupported,
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
    fn each_says_what_and_what_to_do() {
        let message = not_main_thread().to_string();
        assert!(message.contains("thread 7 of process 3") && message.contains("call on the main thread"), "{message}");
        let message = refused().to_string();
        assert!(message.starts_with("prctl(PR_SET_PDEATHSIG)"), "{message}");
        assert!(Error::Unsupported.to_string().contains("Linux and Android"));
        assert!(Error::ParentNotVisible.to_string().contains("pid namespace"));
        assert!(Error::ParentGone.to_string().contains("adopted"));
    }

    #[test]
    fn only_that_of_the_system_has_a_source() {
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
        ] {
            let message = error.to_string();
            let error = io::Error::from(error);
            assert_eq!((error.kind(), error.to_string()), (kind, message));
            assert!(error.get_ref().unwrap().is::<Error>());
        }
    }
}
