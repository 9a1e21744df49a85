//! Every system call and every `unsafe` of the crate.
//!
//! A backend is one module, chosen here by target. `--cfg pdeathsig_backend="unsupported"` chooses that of the other targets
//! anywhere, so that it can be compiled and tested on Linux. Each one provides:
//!
//! - `number`: the constants `SIGHUP` … `SIGSYS`, and `MAX`, the largest signal number the kernel knows;
//! - `realtime_signals() -> (i32, i32)`: `SIGRTMIN` and `SIGRTMAX`;
//! - `parent_death_signal() -> Result<Option<Signal>, Error>`: that of the calling thread;
//! - `parent_id() -> Result<u32, Error>`;
//! - `exit(status: i32) -> !`: at once, without running anything;
//! - `remedy(call: &str, &io::Error) -> &'static str`: what to do about an error of the system;
//! - `PIDFD_OPEN`, what that call is named in errors;
//! - `shows_this_pid_namespace() -> bool`: whether `/proc` can be trusted;
//! - `arm_before_exec(&mut Command, Signal)` and `join_group(&mut Command, group: u32)`, for what a command spawns;
//! - `MainThread`, a proof that the caller runs on the main thread, so that nothing can be armed on another:
//!   - `current() -> Result<MainThread, Error>`,
//!   - `set_parent_death_signal(&self, Option<Signal>) -> Result<(), Error>`,
//!   - `send(&self, Signal) -> Result<(), Error>`, to the whole own process;
//! - `Pidfd`, a descriptor for a process:
//!   - `open(u32) -> io::Result<Pidfd>`,
//!   - `is_gone_by(&self, Option<Instant>) -> io::Result<bool>`,
//!   - on Unix, `AsFd`, and `OwnedFd` from it.
//!
//! What the modules `watch`, `tether::groups` and `child::group` need beyond that is Linux's alone, as they are.
#![allow(unsafe_code)]

#[cfg_attr(
    all(any(target_os = "linux", target_os = "android"), not(pdeathsig_backend = "unsupported")),
    path = "linux/mod.rs"
)]
#[cfg_attr(
    not(all(any(target_os = "linux", target_os = "android"), not(pdeathsig_backend = "unsupported"))),
    path = "unsupported.rs"
)]
mod backend;

pub(crate) use backend::*;
