//! The attribute `die_with_parent`, and the function that it calls.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;

use crate::DieWithParent;

/// Ties this process to its parent at the start of `main`: when the parent dies, the process gets SIGKILL, or a
/// signal of your choice.
///
/// The attribute inserts one call of [`DieWithParent::arm`] as the first statement of `main`. What is guaranteed
/// is documented at [`die_with_parent`](fn@crate::die_with_parent) and, for `watch` and the options that imply it,
/// at [`DieWithParent::watch`]. The attribute can only be on `fn main`, sync or async, with any return type and
/// beside any other attributes. It needs the feature `macros`, which is on by default.
///
/// # Examples
///
/// ```
/// use pdeathsig::die_with_parent;
///
/// #[die_with_parent]
/// fn main() {
///     // This process does not outlive its parent.
/// }
/// ```
///
/// With a signal that the program can catch, and a `main` that returns a result:
///
/// ```
/// # use pdeathsig::die_with_parent;
/// #[die_with_parent(SIGTERM)]
/// fn main() -> std::io::Result<()> {
///     Ok(())
/// }
/// ```
///
/// Put `#[tokio::main]` and similar attributes above this one. The process is then tied before the runtime starts.
/// (Below this one they work too, but the runtime's threads start first.)
///
/// A service whose children must get SIGTERM too. It does not handle SIGTERM itself, and does not exit by itself when
/// its parent dies:
///
/// ```
/// use std::time::Duration;
///
/// #[pdeathsig::die_with_parent(SIGTERM, watch, descendants, grace = Duration::from_secs(5))]
/// fn main() {}
/// ```
///
/// A program that must write something before it dies does not use the attribute, which runs before a handler exists:
/// see [`DieWithParent::arm`]. A server that exits at the end of its standard input uses a [`Tether`](crate::Tether)
/// for its helpers, not `descendants`.
///
/// A worker that is told its parent's pid:
///
/// ```
/// use pdeathsig::{die_with_parent, Signal};
///
/// fn parent_from_arguments() -> u32 {
///     # return std::os::unix::process::parent_id();
///     let pid = std::env::args().nth(1).expect("usage: worker PARENT-PID");
///     pid.parse().expect("a process id")
/// }
///
/// #[die_with_parent(
///     Signal::rt(3).unwrap(),
///     expected_parent = parent_from_arguments(),
///     on_error = "warn",
/// )]
/// fn main() {}
/// ```
///
/// # Arguments
///
/// The signal is the first argument: `SIGTERM` or another standard name, checked by the compiler, or an expression
/// of type [`Signal`](crate::Signal), such as `Signal::rt(3).unwrap()`. The names need no import. The default is
/// `SIGKILL`. If you have a constant whose name is almost a signal's, write its path: `self::SIGTERN`.
///
/// The options follow, in any order. Each can be given once, `watch_pid` up to eight times.
///
/// | option | meaning |
/// | --- | --- |
/// | `watch` | watch the parent process instead of the thread that spawned this one: see [`DieWithParent::watch`]. The next four imply it |
/// | `grace = duration` | time from the signal to SIGKILL, an expression of type [`Duration`](std::time::Duration): see [`DieWithParent::grace`]. With SIGKILL it has no effect, so it is an error there |
/// | `process_group` | signal the whole process group: see [`DieWithParent::process_group`] |
/// | `descendants` | signal all descendants: see [`DieWithParent::descendants`] |
/// | `watch_pid = pid` | treat the exit of this process like the parent's, an expression of type `u32`: see [`DieWithParent::watch_pid`] |
/// | `expected_parent = pid` | the parent that this process should have, an expression of type `u32`: see [`DieWithParent::expected_parent`] |
/// | `on_error = "exit"` | the default: if arming fails, print the error and exit with status 1 before the body runs |
/// | `on_error = "warn"` | if arming fails, print the error and run the body unprotected |
/// | `on_error = "ignore"` | if arming fails, run the body unprotected |
/// | `crate = path` | where the crate is, if it has another name or is re-exported: a path, or a string with one |
///
/// A library that re-exports the attribute re-exports the whole crate: `pub use pdeathsig;`. Its users write
/// `#[library::pdeathsig::die_with_parent(crate = library::pdeathsig)]`. A `macro_rules!` of the library can use
/// `$crate::pdeathsig` in both places.
///
/// # Errors
///
/// If arming fails, the program prints why and exits with status 1, unless `on_error` says otherwise.
///
/// Arming fails off the main thread, in a process that `docker exec` or the like starts, under a sandbox that
/// refuses the system call, and on targets other than Linux and Android. With `watch` it also fails in a
/// container's first process, on kernels older than 5.3, and when the thread or descriptor limit is reached. See
/// [`Error`](crate::Error). The message is `NAME: cannot tie this process to its parent: CAUSE`, where NAME is the
/// program's file name. A program that also runs on other systems leaves the attribute out there:
///
/// ```
/// #[cfg_attr(target_os = "linux", pdeathsig::die_with_parent)]
/// fn main() {}
/// ```
///
/// # Limits
///
/// - Code that runs before `main`, such as a library's constructor, runs before the parent is recorded.
/// - Only the direct parent counts. Behind `npx` or `sh -c` that is the wrapper: put the command `pdeathsig` in front of
///   it.
/// - Until `main` has installed a handler, a signal such as SIGTERM kills the process, and no clean-up runs. If that
///   matters, install the handler first and then call [`DieWithParent::arm`] instead of using the attribute.
/// - A launcher or a tether around this process may send SIGKILL at the same moment. Then the grace has no effect.
///
/// # See also
///
/// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html),
/// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
pub use pdeathsig_macros::die_with_parent;

/// What to do when arming fails.
#[derive(Clone, Copy, Debug)]
pub enum OnError {
    /// Print the error and exit with status 1.
    Exit,
    /// Print the error and continue.
    Warn,
    /// Continue.
    Ignore,
}

/// The first statement of an annotated `main`.
pub fn arm(options: DieWithParent, on_error: OnError) {
    let Err(error) = options.arm() else { return };
    if let OnError::Ignore = on_error {
        return;
    }
    let program = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = program.file_name().unwrap_or("pdeathsig".as_ref()).to_string_lossy();
    // One write, so that other output cannot come between. If standard error is closed, there is no place to report
    // that.
    let message = format!("{name}: cannot tie this process to its parent: {error}\n");
    let _ = io::stderr().write_all(message.as_bytes());
    if let OnError::Exit = on_error {
        process::exit(1);
    }
}
