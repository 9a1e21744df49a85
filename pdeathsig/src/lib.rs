//! **No process outlives its parent.**
//!
//! Workers, plugins, language servers, sidecars: programs that somebody else starts, and that have no business running when
//! that somebody is gone. Cleaning up in the parent does not help when the parent is killed, runs out of memory or crashes;
//! then its children live on as orphans, as servers did that kept their file watches ([colbymchenry/codegraph#277],
//! [DeusData/codebase-memory-mcp#781], [oven-sh/bun#29859]). Linux can end them by itself, and this crate has it do so,
//! without the traps.
//!
//! [colbymchenry/codegraph#277]: https://github.com/colbymchenry/codegraph/issues/277
//! [DeusData/codebase-memory-mcp#781]: https://github.com/DeusData/codebase-memory-mcp/issues/781
//! [oven-sh/bun#29859]: https://github.com/oven-sh/bun/issues/29859
//!
#![doc = include_str!("../doc/orphans.svg")]
//!
//! In a program that you write, by one line: the *parent-death signal* is armed.
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
//! Any program that you start, by one line in the parent: it joins a *process group* that the kernel ends together with the parent, all
//! that the program starts included.
//!
//! ```
//! use pdeathsig::{CommandExt, Signal, Tether};
//! use std::process::Command;
//!
//! # fn main() -> std::io::Result<()> {
//! let tether = Tether::new(Signal::KILL)?;
//! let mut child = Command::new("sleep").arg("60").tether(&tether)?.spawn()?;
//! # drop(tether);
//! # child.wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! The attribute's work by a call, where the attribute does not fit or the answer matters:
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
//! The [guide](guide) tells more: how parent death works on Linux, what to choose, how to end gracefully, what to do with tokio, in containers and
//! under systemd, how to debug a mysterious death, and every limit with its test.
//!
//! # Why not just `prctl`?
//!
//! `prctl(PR_SET_PDEATHSIG, SIGKILL)` is one line, with these traps:
//!
//! 1. **The parent may die just before** ([util-linux/util-linux#1490], [containers/bubblewrap#633]). The kernel signals
//!    those who armed before their parent died, and nobody afterwards. The obvious check, `getppid() == 1`, misses orphans
//!    where a subreaper adopts them, as `systemd --user` does, and kills the healthy child of a container's first process
//!    ([google/syzkaller#4932]). Here the parent is recorded first, then the signal armed,
//!    then the parent compared; if it died in between, the process receives the signal all the same, from itself. A parent
//!    that was dead before the call is known by [its pid](DieWithParent::expected_parent), if the child was told it.
//! 2. **The setting belongs to a thread of the child** and is gone with it, in silence. Here arming on another thread than
//!    the main one is an [error](Error::NotMainThread).
//! 3. **The first process of a pid namespace survives its own SIGKILL** ([util-linux/util-linux#1616]). Here it exits.
//! 4. **A change of user, or a set-uid program, clears the setting** and no call fails ([golang/go#9686],
//!    [rootless-containers/rootlesskit#65]). [`parent_death_signal`] tells what the kernel has armed.
//! 5. **For the kernel, the parent is a thread.** The signal comes when the thread that spawned the child ends, as tokio's blocking
//!    threads do after ten idle seconds ([golang/go#27505], [vercel-labs/agent-browser#1157]). Here
//!    [`watch`](DieWithParent::watch) waits for the process.
//!
//! [util-linux/util-linux#1490]: https://github.com/util-linux/util-linux/issues/1490
//! [containers/bubblewrap#633]: https://github.com/containers/bubblewrap/issues/633
//! [google/syzkaller#4932]: https://github.com/google/syzkaller/issues/4932
//! [util-linux/util-linux#1616]: https://github.com/util-linux/util-linux/issues/1616
//! [golang/go#9686]: https://github.com/golang/go/issues/9686
//! [rootless-containers/rootlesskit#65]: https://github.com/rootless-containers/rootlesskit/issues/65
//! [golang/go#27505]: https://github.com/golang/go/issues/27505
//! [vercel-labs/agent-browser#1157]: https://github.com/vercel-labs/agent-browser/issues/1157
//!
//! # What is guaranteed
//!
#![doc = include_str!("../doc/windows.svg")]
//!
//! | the parent dies … | [`die_with_parent`](fn@die_with_parent) | [`expected_parent`](DieWithParent::expected_parent) | [`watch`](DieWithParent::watch) | [`Command::die_with_parent`](CommandExt::die_with_parent) | [`Tether`] |
//! | --- | --- | --- | --- | --- | --- |
//! | before the child records it (between fork and the first line of `main`) | **no signal** | the signal comes | **no signal** | the signal comes | the signal comes |
//! | while the child arms | the signal comes | the signal comes | the signal comes | the signal comes | the signal comes |
//! | any time later | the signal comes | the signal comes | the signal comes | the signal comes | the signal comes |
//!
//! To *arm* is to ask for the signal, from the kernel or from a thread that watches. `expected_parent` goes together with `watch`, and
//! then has the same effect. Below, it changes nothing.
//!
//! | else … | [`die_with_parent`](fn@die_with_parent) | [`watch`](DieWithParent::watch) | [`Command::die_with_parent`](CommandExt::die_with_parent) | [`Tether`] |
//! | --- | --- | --- | --- | --- |
//! | only the parent's spawning thread ends | **the signal comes**, though the process lives | nothing | **the signal comes** | nothing |
//! | the parent stops | nothing | nothing | nothing | nothing |
//! | the parent's spawning thread executes another program | nothing, it is still the parent | nothing | nothing | **the signal comes** |
//! | another thread of the parent executes another program | **the signal comes** | nothing | **the signal comes** | **the signal comes** |
//! | a wrapper that stays (`timeout`, `sudo`, `npx`) started the child | the wrapper is the parent; what started that is **not noticed** | the same | the wrapper gets the signal, **the child lives** | both get it, if neither leaves the group, as `timeout` does |
//! | the child is stopped | SIGKILL ends it; other signals wait until it goes on | all wait until it goes on | as by the call | as by the call |
//! | the child ignores or blocks the signal | nothing, or it waits; SIGKILL cannot be ignored | the same; after a [`grace`](DieWithParent::grace), SIGKILL | the same; what it inherits is undone | the same; it inherits both |
//! | the child changes its effective or file-system user or group afterwards | protection is lost | protection is kept | protection is lost | protection is kept, if the parent might `kill` it |
//! | the child is another user's, whom the parent may not `kill` | **no signal** | the signal comes | **no signal** | **no signal** |
//! | the child's main thread executes an ordinary program | protection is kept | protection is lost | protection is kept | protection is kept |
//! | another thread of the child executes a program | protection is lost | protection is lost | protection is lost | protection is kept |
//! | the child executes a set-uid program or the like | protection is lost | protection is lost | protection is lost | protection is kept, if the parent might `kill` it |
//! | the child ends by itself when its parent does, as at the end of its input | nothing is left to do | nobody ends its descendants | nothing is left to do | its descendants get the signal |
//! | the child closes every descriptor | protection is kept | protection is kept | protection is kept | protection is kept |
//! | the child leaves its process group (`setsid`, `setpgid`) | protection is kept | protection is kept | protection is kept | protection is **lost** |
//! | the child forks, or starts other programs | these are not protected | not protected, but [`process_group`](DieWithParent::process_group) or [`descendants`](DieWithParent::descendants) end them | these are not protected | they are protected, as the child is |
//! | the parent is outside the child's pid namespace | armed, without a check | an [error](Error::ParentNotVisible) | armed, without a check | the spawn fails |
//!
//! The rest stands in the limits of [`die_with_parent`](fn@die_with_parent#limits), [`watch`](DieWithParent::watch),
//! [`Command::die_with_parent`](CommandExt::die_with_parent) and [`Tether`](Tether#limits). It is a
//! cleanup guarantee, not a security boundary: a child that wants to live can undo it.
//!
//! # Which one
//!
//! You write the parent, and any program may be the child: [`Tether`]. You write the child:
//!
//! - The parent spawns from its main thread: [`#[die_with_parent]`](macro@die_with_parent).
//! - It spawns from threads that come and go, or you cannot know: `#[die_with_parent(watch)]`.
//! - The child has children of its own, or must clean up: `#[die_with_parent(SIGTERM, descendants, grace = …)]`.
//! - The child has an event loop that should hear of it: [`Parent`].
//!
//! You write both: either does; both together cover what each does not: the attribute a child that leaves the group, the tether
//! the child's own children.
//!
//! To do something first, such as dropping privileges or installing a handler, call [`DieWithParent`] instead of using the
//! attribute. If the parent can tell its pid, [`expected_parent`](DieWithParent::expected_parent) closes the window before `main`.
//! [`outlive_parent`] undoes what other code armed. [`Command::die_with_parent`](CommandExt::die_with_parent) arms the kernel's signal from the
//! parent, where a tether's process group is in the way. [`ChildExt`] ends the process group of a child now, or says why it cannot.
//!
//! # Cost
//!
//! The attribute: five system calls at the start, half a microsecond; no allocation, thread, descriptor or file, and nothing while the
//! program runs. A watch takes a thread that sleeps, with a descriptor and 8 to 16 KiB of its own, and nothing while the parent
//! lives. A tether takes one descriptor and one zombie for every 128 commands, and nothing while the owner lives; spawning takes no longer. The
//! crate depends on `libc` alone; the feature `macros`, on by default, adds the attribute.
//!
//! # Platforms
//!
//! Linux, and Android by the same system calls; [`Parent`] and what rests on it from Linux 5.3 on. Everywhere else it compiles and returns
//! [`Error::Unsupported`]. What has been
//! run is x86-64 Linux 6.18 with glibc; the code for other targets has been run there too, in place of Linux's own
//! (`--cfg pdeathsig_backend="unsupported"`), but no other target's build has been tried.
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
