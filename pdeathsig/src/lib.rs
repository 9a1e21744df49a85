//! **No process outlives its parent.** When a program is killed, runs out of memory or crashes, everything that it
//! started dies too.
//!
#![doc = include_str!("../doc/orphans.svg")]
//!
//! Linux and Android. The [guide](guide) has a chapter for each subject, and [recipes](guide::recipes).
//!
//! # You start programs: `Launcher`
//!
//! A [`Launcher`] ties the whole process tree of a command to this process: daemons, `setsid` and job control included.
//! The program can be any program. The terminal works as usual.
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! use pdeathsig::Launcher;
//!
//! #[pdeathsig::launcher]
//! fn main() -> std::io::Result<()> {
//!     let mut child = Launcher::new().command("sh")?.args(["-c", "setsid sleep 60 & exit 3"]).spawn()?;
//!     assert_eq!(child.wait()?.code(), Some(3));
//!     // `sleep` is gone too.
//!     Ok(())
//! }
//! ```
//!
//! What a command leaves in the background has one second after the command's exit, then gets SIGTERM, and SIGKILL
//! after the grace. `wait` returns after that. [`keep_background`](Launcher::keep_background) lets it live, unwatched.
//! [An agent that runs tools](guide::recipes#an-agent-that-runs-tools) shows tokio, output and time limits.
//!
//! The command `pdeathsig` (`cargo install pdeathsig-cli`) does the same for every language: `pdeathsig make -j8 test`.
//! Put it in front of the whole line, wrappers such as `npx` and `sh -c` included.
//!
//! # Your program is started by others: `die_with_parent`
//!
//! The attribute arms the *parent-death signal*: this process asks to be signalled when its direct parent dies.
#![cfg_attr(feature = "macros", doc = "```")]
#![cfg_attr(not(feature = "macros"), doc = "```ignore")]
//! #[pdeathsig::die_with_parent(watch)]
//! fn main() {
//!     // When the parent dies, by SIGKILL too, this process dies.
//! }
//! ```
//!
//! Not sure what starts you? Use [`watch`](DieWithParent::watch). It waits for the parent process in a thread that sleeps. The plain
//! [`#[die_with_parent]`](macro@die_with_parent) costs five system calls and no thread. It is for a parent that starts you from its main
//! thread: the kernel's signal also comes when the *thread* that started you exits.
//!
//! Must you write something before you die? Then do not use the attribute, which runs before your handler exists.
//! Install the handler, and arm afterwards:
//! ```
//! use pdeathsig::{DieWithParent, Signal};
//! use std::time::Duration;
//!
//! fn main() -> Result<(), pdeathsig::Error> {
//!     // Here: a handler for SIGTERM.
//!     DieWithParent::new(Signal::TERM).grace(Duration::from_secs(5)).arm()?;
//!     Ok(())
//! }
//! ```
//!
//! The recipe of an [MCP server](guide::recipes#it-writes-something-at-the-end) is a whole program: tokio, standard
//! input, a helper. Under `docker exec` nothing can be tied: the attribute exits with status 1, and `arm` returns
//! [`Error::ParentNotVisible`].
//!
//! # Libraries, tests and crowds: `Tether`
//!
//! Commands that you spawn with a [`Tether`] run in process groups. The kernel kills these when the tether is dropped or its owner dies.
//! It needs no process and no thread, and the program inherits nothing.
//! ```
//! use pdeathsig::{CommandExt, Tether};
//! use std::process::Command;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut child = Command::new("sleep").arg("0.1").tether(Tether::global()?)?.spawn()?;
//! # child.wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which one
//!
//! | you want | use |
//! | --- | --- |
//! | to start programs, of any kind | [`Launcher`], or the command `pdeathsig` |
//! | to die with the program that starts you | `#[die_with_parent(watch)]` |
//! | the same, and to write something first | a handler for SIGTERM, then [`DieWithParent::arm`] with a [`grace`](DieWithParent::grace) |
//! | the same, for a process whose pid you were told | [`watch_pid`](DieWithParent::watch_pid) |
//! | to start many programs without a terminal, in a library or in a test | [`Tether`] |
//! | to be notified in your event loop | [`Parent`] |
//! | to kill the process group of one child now | [`ChildExt`] |
//! | to keep a child in your process group | [`Command::die_with_parent`](CommandExt::die_with_parent) |
//! | to undo what other code armed | [`outlive_parent`] |
//!
//! # What is guaranteed
//!
//! | what happens | [`#[die_with_parent]`](macro@die_with_parent) in the child | [`Tether`] | [`Launcher`] |
//! | --- | --- | --- | --- |
//! | the parent is killed, crashes or exits | dies | dies | dies |
//! | the parent dies before the child is up | dies with [`expected_parent`](DieWithParent::expected_parent), else **lives** | dies | dies |
//! | only the thread that spawned the child exits | lives with [`watch`](DieWithParent::watch), else **dies** | lives | lives |
//! | the child's own children, when the parent dies | die with [`descendants`](DieWithParent::descendants), else **live** | die | die |
//! | the child exits: what it left in the background | **lives** | **lives** | dies; lives with `keep_background` |
//! | later the parent dies: what the child left | **lives** | dies | is dead; **lives** with `keep_background` |
//! | daemons, `setsid`, job control | **live** | **live** | die |
//! | the first process of a pid namespace | dies; `watch` is an error | **lives** | dies |
//! | a process of root below a parent that is not root (`sudo`) | dies with `watch`, else **lives** | **lives** | **lives** |
//! | terminal and Ctrl-C | as usual | **background** | as usual |
//! | `Child::id()` is the pid of | the program | the program | the launcher |
//!
//! Each case in detail: [the table in Choosing](guide::choosing#every-case). [What it cannot do](guide::what_it_cannot_do) lists every limit.
//! It is a cleanup guarantee, not a security boundary: a child that wants to live can.
//!
//! # Platforms and features
//!
//! Linux and Android. [`Parent`], `watch` and [`Launcher`] need Linux 5.3. On other targets the crate compiles and every call returns
//! [`Error::Unsupported`]. [What differs by kernel](guide::what_it_cannot_do#what-differs-by-kernel) has a table. The README says
//! on which kernels, processors and C libraries the tests ran.
//! The crate depends on `libc` alone. The feature `macros`, on by default, adds the two attributes.
#![cfg_attr(not(feature = "macros"), allow(rustdoc::broken_intra_doc_links))]
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod child_side;
mod error;
#[cfg(all(doc, not(doctest)))]
pub mod guide;
mod parent_side;
#[cfg_attr(
    not(all(any(target_os = "linux", target_os = "android"), not(pdeathsig_backend = "unsupported"))),
    path = "unsupported.rs"
)]
mod platform;
mod signal;
mod target;

pub use child_side::arm::{die_with_parent, outlive_parent, parent_death_signal, DieWithParent};
#[cfg(feature = "macros")]
pub use child_side::attribute::die_with_parent;
pub use child_side::parent::Parent;
pub use error::Error;
pub use parent_side::command::CommandExt;
pub use parent_side::launcher::Launcher;
#[cfg(feature = "macros")]
pub use parent_side::launcher_attribute::launcher;
pub use parent_side::process_group::ChildExt;
pub use parent_side::tether::{ShutdownOutcome, Tether};
pub use signal::{InvalidSignal, Signal};

/// For what the attributes expand to. It may change in any release.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use crate::child_side::attribute::{arm, OnError};
    pub use crate::{DieWithParent, Launcher, Signal};
}
