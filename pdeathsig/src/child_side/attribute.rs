//! The attribute, and what its expansion calls.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;

use crate::DieWithParent;

/// Ties this process to its parent as the first thing in `main`: when the parent dies, it gets SIGKILL, or the signal of your
/// choice.
///
/// The attribute puts one call of [`DieWithParent::arm`] at the beginning of the body; what is guaranteed, and what is not, is
/// documented at [`die_with_parent`](fn@crate::die_with_parent) and, for `watch` and what implies it, at
/// [`DieWithParent::watch`]. It goes on `fn main` alone, sync or async, with any return
/// type, together with any other attributes. It needs the feature `macros`, which is on by default.
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
/// With a signal that the program may handle, and a `main` that returns a result:
///
/// ```
/// # use pdeathsig::die_with_parent;
/// #[die_with_parent(SIGTERM)]
/// fn main() -> std::io::Result<()> {
///     Ok(())
/// }
/// ```
///
/// `#[tokio::main]` and its like go above it, so that the process is tied before the runtime starts. Below, they work too,
/// but then the runtime's threads are there first.
///
/// # Arguments
///
/// The signal stands first: `SIGTERM` or any other standard name, checked while compiling, or an expression of type
/// [`Signal`](crate::Signal) such as `Signal::rt(3).unwrap()`. The names need no import, an expression needs its own. Without
/// a signal it is `SIGKILL`. (A constant of yours whose name is nearly a signal's is written as a path, `self::SIGTERN`.)
/// Then, in any order:
///
/// | option | meaning |
/// | --- | --- |
/// | `watch` | wait for the parent process, not for its thread: see [`DieWithParent::watch`], which the next three imply |
/// | `grace = duration` | SIGKILL to whoever is left after that: any expression of type [`Duration`](std::time::Duration), see [`DieWithParent::grace`]; of no effect beside SIGKILL, which is the signal if none is named |
/// | `process_group` | the signal goes to the whole process group: see [`DieWithParent::process_group`] |
/// | `descendants` | the signal goes to all descendants: see [`DieWithParent::descendants`] |
/// | `expected_parent = pid` | any expression of type `u32`: see [`DieWithParent::expected_parent`] |
/// | `on_error = "exit"` | the default: if arming fails, say why on standard error and exit with the status 1 before the body runs |
/// | `on_error = "warn"` | say why, and go on unprotected |
/// | `on_error = "ignore"` | go on unprotected, in silence |
/// | `crate = path` | where the crate is, if it has another name or is re-exported: a path, or a string with one |
///
/// A library that passes the attribute on passes on the whole crate, by `pub use pdeathsig;`, and its users write
/// `#[library::pdeathsig::die_with_parent(crate = library::pdeathsig)]`. A `macro_rules!` of it spares them that, with `$crate::pdeathsig` in both places.
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
/// A server with workers of its own, for a host with threads that come and go:
///
/// ```
/// use std::time::Duration;
///
/// #[pdeathsig::die_with_parent(SIGTERM, watch, descendants, grace = Duration::from_secs(5))]
/// fn main() {}
/// ```
///
/// # Errors
///
/// Arming fails off the main thread, under a sandbox that refuses the system call, and on targets other than Linux and
/// Android; with `watch` also in a pid namespace without the parent, on kernels older than 5.3, and where no thread or descriptor is
/// left: see [`Error`](crate::Error). The message is `NAME: cannot tie this process to its parent: CAUSE`, with the name
/// under which the program was started. A program that also runs on other systems leaves the attribute out there, or it
/// would refuse to start:
///
/// ```
/// #[cfg_attr(target_os = "linux", pdeathsig::die_with_parent)]
/// fn main() {}
/// ```
///
/// # Limits
///
/// - Code that runs before `main`, such as a library's constructor, runs before the parent is recorded.
/// - A handler that `main` installs comes after it: until then, a signal such as SIGTERM ends the process. Where that matters, install
///   the handler and then call [`DieWithParent::arm`].
///
/// # See also
///
/// [PR_SET_PDEATHSIG(2const)](https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html),
/// [pidfd_open(2)](https://man7.org/linux/man-pages/man2/pidfd_open.2.html)
pub use pdeathsig_macros::die_with_parent;

/// What to do when arming fails.
#[derive(Clone, Copy, Debug)]
pub enum OnError {
    /// Say so and exit with the status 1.
    Exit,
    /// Say so and go on.
    Warn,
    /// Go on.
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
    // In one piece, for others may write there too. With standard error closed there is nobody left to tell.
    let message = format!("{name}: cannot tie this process to its parent: {error}\n");
    let _ = io::stderr().write_all(message.as_bytes());
    if let OnError::Exit = on_error {
        process::exit(1);
    }
}
