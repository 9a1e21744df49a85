//! A watch holds in programs with a preloaded library that changes the stack or `/proc`.
#![cfg(all(target_arch = "x86_64", target_env = "gnu"))]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use pdeathsig_tests::{is_installed, Actor, Harness, Options, Refused};

use crate::{harness, ACTOR};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/watch/preloads");

/// An actor with a library of [`SOURCES`], which its children inherit.
// Reaped by the harness.
#[allow(clippy::zombie_processes)]
fn actor_with<'a>(harness: &'a Harness, library: &str) -> Option<Actor<'a>> {
    let file: PathBuf = harness.folder().join(format!("lib{library}.so"));
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if !Path::new(&compiler).is_file() && !is_installed("rustc") {
        return None;
    }
    let mut compile = Command::new(compiler);
    compile.args(["--edition=2021", "--crate-type=cdylib", "-o"]).arg(&file).arg(format!("{SOURCES}/{library}.rs"));
    let compiled = harness.run(&mut compile);
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    harness.start(Command::new(ACTOR).env("LD_PRELOAD", &file));
    Some(harness.accept())
}

#[test]
fn on_a_kernel_without_pid_namespaces_descendants_die_and_the_spawner_is_reported() {
    let harness = harness();
    let Some(mut parent) = actor_with(&harness, "no_pid_namespaces") else { return };
    let mut child = parent.spawn();
    child.pin().unwrap();
    assert_eq!(child.spawner_thread(), Ok(Some(parent.pid().as_raw() as u32)));
    child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
    let mut descendant = child.spawn();
    descendant.new_session();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    descendant.assert_dies_of(Signal::SIGKILL);
}

/// The C library takes them out of the thread's stack.
#[test]
fn a_library_has_very_many_thread_local_variables() {
    for without_helper in [false, true] {
        let harness = harness();
        let Some(mut parent) = actor_with(&harness, "thread_locals") else { return };
        let mut child = parent.spawn();
        child.arm_with(Signal::SIGTERM, Options::DESCENDANTS.with_a_short_grace()).unwrap();
        let mut descendant = child.spawn();
        descendant.ignore(Signal::SIGTERM);
        if without_helper {
            // The thread itself looks for descendants.
            child.refuse_everywhere(Refused::Fork);
        }
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        descendant.assert_dies_of(Signal::SIGKILL);
    }
}
