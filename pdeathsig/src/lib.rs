//! **No process outlives its parent.**
//!
//! Workers, plugins, language servers, sidecars: programs that somebody else starts, and that have no business running when
//! that somebody is gone. Cleaning up in the parent does not help when the parent is killed, runs out of memory or crashes;
//! then its children live on as orphans. Linux can end them by itself, with the *parent-death signal*, and this crate arms it
//! without the traps of the bare system call.
//!
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! use pdeathsig::die_with_parent;
//!
//! #[die_with_parent]
//! fn main() {
//!     // However the parent ends, SIGKILL included, this process ends with it.
//! }
//! ```
//!
//! The same by a call, where the attribute does not fit or the answer matters:
//!
//! ```
//! use pdeathsig::{die_with_parent, Signal};
//!
//! fn main() -> Result<(), pdeathsig::Error> {
//!     die_with_parent(Signal::TERM)?;
//!     Ok(())
//! }
//! ```
//!
//! # Why not just `prctl`?
//!
//! `prctl(PR_SET_PDEATHSIG, SIGKILL)` is one line, with these traps:
//!
//! 1. **The parent may die just before.** The kernel signals those who armed before their parent died, and nobody
//!    afterwards. The obvious check, `getppid() == 1`, misses orphans where a subreaper adopts them, as `systemd --user` does,
//!    and kills the healthy child of a container's first process. Here the parent is recorded first, then the signal armed,
//!    then the parent compared; if it died in between, the process receives the signal all the same, from itself. A parent
//!    that was dead before the call is known by [its pid](DieWithParent::expected_parent), if the child was told it.
//! 2. **The setting belongs to a thread of the child** and is gone with it, in silence. Here arming on another thread than
//!    the main one is an [error](Error::NotMainThread).
//! 3. **The first process of a pid namespace survives its own SIGKILL.** Here it exits.
//! 4. **A change of user, or a set-uid program, clears the setting** and no call fails. [`parent_death_signal`] tells what is
//!    armed.
//! 5. **The parent is a thread, too.** The signal comes when the thread that spawned the child ends. That is the kernel's
//!    rule, and this version cannot change it; a parent that spawns from its main thread is safe.
//!
//! # What is guaranteed
//!
//! | the parent dies … | [`die_with_parent`](fn@die_with_parent) | and [`expected_parent`](DieWithParent::expected_parent) |
//! | --- | --- | --- |
//! | before the child records it (between fork and the first line of `main`) | not noticed | noticed |
//! | while the child arms | noticed | noticed |
//! | any time later | the signal comes | the signal comes |
//!
//! | else … | either |
//! | --- | --- |
//! | only the parent's spawning thread ends | **the signal comes**, though the process lives |
//! | the parent stops, or its spawning thread executes another program | nothing, it is still the parent |
//! | the child was started by way of a shell or wrapper | that one is the parent |
//! | the child is stopped | SIGKILL ends it; other signals wait until it goes on |
//! | the child ignores or blocks the signal | nothing, or it waits; SIGKILL cannot be ignored |
//! | the child changes its effective or file-system user or group afterwards | protection is lost |
//! | the child's main thread executes an ordinary program | protection is kept |
//! | another thread of it does, or the program changes credentials, as a set-uid one | protection is lost |
//! | the child closes every descriptor | protection is kept |
//! | the child forks | the fork is not protected |
//! | the child's own children | live on, unless they are protected themselves |
//!
//! The rest, pid namespaces for instance, stands in the limits of [`die_with_parent`](fn@die_with_parent#limits). It is a
//! cleanup guarantee, not a security boundary: a child that wants to live can undo it.
//!
//! # Which one
//!
//! - You write the child, and it should end with its parent: [`#[die_with_parent]`](macro@die_with_parent).
//! - It has something to do first, or has to drop privileges: [`die_with_parent`](fn@die_with_parent), right afterwards.
//! - The parent can tell its pid: [`DieWithParent::expected_parent`], which leaves no window.
//! - Something tied the process, and it must finish what it does: [`outlive_parent`].
//!
//! # Cost
//!
//! Five system calls at the start, half a microsecond; no allocation, thread, descriptor or file, and nothing while the
//! program runs. The crate depends on `libc` alone; the feature `macros`, on by default, adds the attribute.
//!
//! # Platforms
//!
//! Linux, and Android by the same system call. Everywhere else it compiles and returns [`Error::Unsupported`]. What has been
//! run is x86-64 Linux 6.18 with glibc; the code for other targets has been run there too, in place of Linux's own
//! (`--cfg pdeathsig_backend="unsupported"`), but no other target's build has been tried.
#![cfg_attr(not(feature = "macros"), allow(rustdoc::broken_intra_doc_links))]
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arm;
#[cfg(feature = "macros")]
mod attribute;
mod error;
mod parent;
mod signal;
mod sys;
#[cfg_attr(
    not(all(any(target_os = "linux", target_os = "android"), not(pdeathsig_backend = "unsupported"))),
    path = "watch/unsupported.rs"
)]
mod watch;

pub use arm::{die_with_parent, outlive_parent, parent_death_signal, DieWithParent};
#[cfg(feature = "macros")]
pub use attribute::die_with_parent;
pub use error::Error;
pub use parent::Parent;
pub use signal::{InvalidSignal, Signal};

/// For the expansion of the attribute alone; it may change in any release.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use crate::attribute::{arm, OnError};
    pub use crate::{DieWithParent, Signal};
}
