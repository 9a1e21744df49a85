//! A language or MCP server relies on the end of its input. Its host is killed, but another process holds the pipe, a
//! sibling that inherited it: the end never comes, and the server runs on, with its inotify watches:
//! colbymchenry/codegraph#277, DeusData/codebase-memory-mcp#781, oven-sh/bun#29859.
//! Cure: `#[die_with_parent]` on the server's `main`.

use std::fs;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Harness, Spawning};

use crate::harness;
use crate::ACTOR;

const ANNOTATED: &str = env!("CARGO_BIN_EXE_annotated_actor");
const WATCHES: usize = 3;

/// A host, and its server, which ends with its input and watches files meanwhile.
fn host_and_server<'a>(harness: &'a Harness, program: &str) -> (Actor<'a>, Actor<'a>) {
    let mut host = harness.actor();
    let program = Some((program.into(), Vec::new()));
    let mut server = host.spawn_as(Spawning { program, piped: true, ..Spawning::default() });
    server.watch_folder(harness.folder(), WATCHES);
    server.end_with_input();
    assert_eq!(inotify_watches(server.pid()), WATCHES);
    (host, server)
}

/// Another child of the host, which does not even know that it holds the pipe.
fn sibling<'a>(host: &mut Actor<'a>, server: &Actor<'_>) -> Actor<'a> {
    host.spawn_as(Spawning { holds_pipe_to: Some(server.pid().as_raw()), ..Spawning::default() })
}

/// How many a process has, as the kernel tells.
fn inotify_watches(process: Pid) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{process}/fdinfo")).unwrap().flatten();
    // One may be closed meanwhile.
    let info: String = descriptors.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect();
    info.lines().filter(|line| line.starts_with("inotify ")).count()
}

#[test]
fn naive_it_ends_with_its_input_as_long_as_nobody_else_holds_the_pipe() {
    let harness = harness();
    let (host, server) = host_and_server(&harness, ACTOR);
    host.kill();
    assert_eq!(harness.exit_status_of(server.pid()), 0);
}

#[test]
fn naive_where_a_sibling_holds_the_pipe_it_runs_on_with_its_watches() {
    let harness = harness();
    let (mut host, mut server) = host_and_server(&harness, ACTOR);
    let sibling = sibling(&mut host, &server);
    host.kill();
    server.assert_lives();
    assert_eq!(inotify_watches(server.pid()), WATCHES);
    // It was that, and nothing else, that kept it.
    sibling.kill();
    assert_eq!(harness.exit_status_of(server.pid()), 0);
}

#[test]
fn cure_the_attribute_ends_it_though_a_sibling_holds_the_pipe() {
    let harness = harness();
    let (mut host, server) = host_and_server(&harness, ANNOTATED);
    let mut sibling = sibling(&mut host, &server);
    host.kill();
    server.assert_dies_of(Signal::SIGKILL);
    sibling.assert_lives();
}
