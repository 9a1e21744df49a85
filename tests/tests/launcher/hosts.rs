//! A launcher below the crates that hosts spawn with, below and above other launchers and tethers, and in hosts that
//! cannot be their own launcher.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig::{CommandExt as _, Launcher, Tether};
use pdeathsig_tests::{children_of, needs_root, only_child, set_uid_programs_work, until, Harness, Launched, Spawning};

use crate::harness;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_run_launcher");
const HOST: &str = env!("CARGO_BIN_EXE_launcher_host");
/// A program with a descendant in a session of its own. Two lines say that both are up.
const TREE: &str = "setsid sh -c 'echo up; exec sleep 1000' & echo up; exec sleep 1000";

/// The command of a launcher, as a library makes it.
fn command(script: &str) -> Command {
    let mut command = Launcher::new().executable(LAUNCHER).command("sh").unwrap();
    command.args(["-c", script]).stdin(Stdio::null());
    command
}

fn await_lines(output: impl Read, number: usize) {
    let mut output = BufReader::with_capacity(1, output);
    for _ in 0..number {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), "up");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn tokio_kills_the_whole_tree_when_the_child_is_dropped_or_killed() {
    for dropped in [true, false] {
        let harness = harness();
        let runtime = runtime();
        runtime.block_on(async {
            let mut command = tokio::process::Command::from(command(TREE));
            let (output, its) = UnixStream::pair().unwrap();
            let mut child = command.stdout(OwnedFd::from(its)).kill_on_drop(true).spawn().unwrap();
            await_lines(output, 2);
            if dropped {
                drop(child);
            } else {
                child.kill().await.unwrap();
            }
        });
        drop(runtime);
        harness.killed_orphans();
    }
}

#[test]
fn tokio_gets_output_and_status_of_the_program() {
    let harness = harness();
    let output = runtime()
        .block_on(async { tokio::process::Command::from(command("echo printed; exit 3")).output().await })
        .unwrap();
    assert_eq!((output.stdout, output.status.code()), (b"printed\n".to_vec(), Some(3)));
    harness.assert_no_process_is_left();
}

#[test]
fn a_timeout_of_tokio_leaves_nothing() {
    let harness = harness();
    let runtime = runtime();
    let ended = runtime.block_on(async {
        let mut command = tokio::process::Command::from(command(TREE));
        let child = command.kill_on_drop(true).stdout(Stdio::piped()).spawn().unwrap();
        tokio::select! {
            output = child.wait_with_output() => Some(output),
            _ = tokio::task::spawn_blocking(|| thread::sleep(Duration::from_millis(100))) => None,
        }
    });
    assert!(ended.is_none());
    drop(runtime);
    harness.killed_orphans();
}

#[test]
fn async_process_kills_the_whole_tree_when_the_child_is_dropped_or_killed() {
    for dropped in [true, false] {
        let harness = harness();
        let mut command = async_process::Command::from(command(TREE));
        let (output, its) = UnixStream::pair().unwrap();
        let mut child = command.stdout(Stdio::from(OwnedFd::from(its))).kill_on_drop(true).spawn().unwrap();
        await_lines(output, 2);
        if dropped {
            drop(child);
        } else {
            child.kill().unwrap();
            assert_eq!(runtime().block_on(child.status()).unwrap().signal(), Some(libc::SIGKILL));
        }
        harness.killed_orphans();
    }
}

#[test]
fn duct_kills_the_whole_tree_and_gets_the_status_of_the_program() {
    let harness = harness();
    let mut reader = duct::cmd(LAUNCHER, ["sh", "-c", TREE]).stdin_null().reader().unwrap();
    await_lines(&mut reader, 2);
    reader.kill().unwrap();
    drop(reader);
    harness.killed_orphans();
    let output = duct::cmd(LAUNCHER, ["sh", "-c", "echo printed; exit 3"]).stdout_capture().unchecked().run().unwrap();
    assert_eq!((output.stdout, output.status.code()), (b"printed\n".to_vec(), Some(3)));
    harness.assert_no_process_is_left();
}

#[cfg(feature = "recent")]
#[test]
fn process_wrap_with_a_group_or_a_session_kills_the_whole_tree() {
    use process_wrap::std::{CommandWrap, ProcessGroup, ProcessSession};
    for session in [true, false] {
        let harness = harness();
        let mut made = command(TREE);
        made.stdout(Stdio::piped());
        let mut wrapped = CommandWrap::from(made);
        if session {
            wrapped.wrap(ProcessSession);
        } else {
            wrapped.wrap(ProcessGroup::leader());
        }
        let mut child = wrapped.spawn().unwrap();
        await_lines(child.stdout().take().unwrap(), 2);
        // To the whole group, of which only one half of the launcher is a member.
        child.start_kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        harness.killed_orphans();
    }
}

#[test]
fn portable_pty_has_its_terminal_and_its_kill_ends_the_whole_tree() {
    use portable_pty::{native_pty_system, CommandBuilder, PtySize};
    let open = || native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let builder = |script: &str| {
        let mut builder = CommandBuilder::new(LAUNCHER);
        builder.args(["sh", "-c", script]);
        builder
    };
    let harness = harness();
    // Ctrl-C, once.
    let pty = open();
    let mut child = pty
        .slave
        .spawn_command(builder("trap 'echo heard' INT; test -t 0 && echo up; read line; read line; exit 3"))
        .unwrap();
    let mut output = BufReader::new(pty.master.try_clone_reader().unwrap());
    let mut input = pty.master.take_writer().unwrap();
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    assert_eq!(line(), "up");
    input.write_all(b"\x03").unwrap();
    assert_eq!(line(), "^Cheard");
    input.write_all(b"one\ntwo\n").unwrap();
    assert_eq!(child.wait().unwrap().exit_code(), 3);
    drop((output, input, pty));
    harness.killed_orphans();
    // SIGHUP first, which the program ignores, then SIGKILL.
    let pty = open();
    let mut child = pty.slave.spawn_command(builder(&format!("trap '' HUP; {TREE}"))).unwrap();
    await_lines(pty.master.try_clone_reader().unwrap(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    harness.killed_orphans();
    // The terminal is closed.
    let pty = open();
    let mut child = pty.slave.spawn_command(builder(TREE)).unwrap();
    await_lines(pty.master.try_clone_reader().unwrap(), 2);
    drop(pty);
    child.wait().unwrap();
    harness.killed_orphans();
}

#[test]
fn the_tree_lives_when_the_thread_that_spawned_it_ends() {
    let harness = harness();
    let mut child = thread::spawn(|| command(TREE).stdout(Stdio::piped()).spawn().unwrap()).join().unwrap();
    await_lines(child.stdout.take().unwrap(), 2);
    let inner = only_child(Pid::from_raw(child.id() as i32));
    assert_eq!((child.try_wait().unwrap(), children_of(inner).len()), (None, 1));
    child.kill().unwrap();
    child.wait().unwrap();
    harness.killed_orphans();
}

#[test]
fn of_two_launchers_one_in_the_other_any_process_can_be_killed() {
    for dies in ["owner", "outer", "inner", "second outer", "second inner", "program"] {
        let harness = harness();
        let mut host = Command::new(HOST);
        host.args(["spawn", "--grace", "100", LAUNCHER, "--grace", "100", "sh", "-c", TREE]);
        let mut launched = Launched::by_host(&harness, host.process_group(0), 2);
        let second_outer = launched.program;
        let second_inner = only_child(second_outer);
        let program = children_of(second_inner).into_iter().min().unwrap();
        let victim = match dies {
            "owner" => Pid::from_raw(launched.owner.id() as i32),
            "outer" => launched.outer,
            "inner" => launched.inner,
            "second outer" => second_outer,
            "second inner" => second_inner,
            _ => program,
        };
        kill(victim, Signal::SIGKILL).unwrap();
        assert_eq!(launched.line(), if dies == "owner" { "" } else { "signal 9\n" }, "{dies}");
        harness.killed_orphans();
    }
}

#[test]
fn a_launcher_under_a_tether_dies_with_it_and_with_the_owner() {
    let harness = harness();
    let tether = Tether::new(pdeathsig::Signal::KILL).unwrap();
    let mut made = command(TREE);
    let mut child = made.stdout(Stdio::piped()).tether(&tether).unwrap().spawn().unwrap();
    await_lines(child.stdout.take().unwrap(), 2);
    drop(tether);
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    harness.killed_orphans();
    // And where its owner is killed.
    let mut owner = harness.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let arguments = ["sh", "-c", TREE].map(str::to_owned);
    owner.try_spawn(Spawning { program: Some((LAUNCHER.into(), arguments.into())), ..Spawning::tethered() }).unwrap();
    owner.kill();
    harness.killed_orphans();
}

// The harness reaps what is left.
#[allow(clippy::zombie_processes)]
#[test]
fn a_tether_under_a_launcher_dies_with_it() {
    let owner = env!("CARGO_BIN_EXE_owner");
    for dies in ["owner", "outer", "inner", "program"] {
        let harness = harness();
        let mut host = Command::new(HOST);
        host.args(["spawn", owner, "tether", "5"]).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut host = harness.start(&mut host);
        // A line follows when all are spawned, and a dot for each that is there.
        let mut output = host.stdout.take().unwrap();
        let mut printed = String::new();
        while !printed.contains('\n') || printed.matches('.').count() < 5 {
            let mut byte = [0];
            output.read_exact(&mut byte).unwrap();
            printed.push(byte[0] as char);
        }
        let outer = only_child(Pid::from_raw(host.id() as i32));
        let inner = only_child(outer);
        let victim = match dies {
            "owner" => Pid::from_raw(host.id() as i32),
            "outer" => outer,
            "inner" => inner,
            _ => only_child(inner),
        };
        kill(victim, Signal::SIGKILL).unwrap();
        harness.killed_orphans();
    }
}

#[test]
fn a_set_uid_host_runs_and_its_launcher_error_asks_for_another_executable() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let host = harness.folder().join("host");
    fs::copy(HOST, &host).unwrap();
    fs::set_permissions(&host, Permissions::from_mode(0o4755)).unwrap();
    let ordinary = |how: &[&str]| {
        let mut command = Command::new(&host);
        harness.run(command.args(how).uid(30_000).gid(30_000).current_dir("/").stdin(Stdio::null()))
    };
    let output = ordinary(&["spawn", "echo", "ran"]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()), "{printed}");
    assert!(printed.contains("set-uid") && printed.contains("Launcher::executable"), "{printed}");
    // Whatever it executes has its two users, and so no program is a launcher there either: it has to become one user
    // first.
    let output = ordinary(&["spawn", "--executable", LAUNCHER, "echo", "ran"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "exit 125\n");
    // As a launcher's process it does nothing.
    let mut forged = Command::new(&host);
    forged.arg0("pdeathsig-launcher").args(["--pdeathsig-launcher=1", "--owner=1", "--", "echo", "ran"]);
    let output = harness.run(forged.uid(30_000).gid(30_000).current_dir("/"));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout, printed.lines().count()), (Some(125), Vec::new(), 1), "{printed}");
    harness.assert_no_process_is_left();
}

/// A copy of the host that has started, and spawns on request.
fn waiting_host(harness: &Harness) -> (PathBuf, std::process::Child) {
    let copy = harness.folder().join("host");
    fs::copy(HOST, &copy).unwrap();
    let mut host = Command::new(&copy);
    host.args(["after-input", "sh", "-c", "setsid sleep 1000 & exit 3"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let host = harness.start(&mut host);
    let executable = format!("/proc/{}/exe", host.id());
    until("the host", || fs::read_link(&executable).ok().filter(|program| *program == copy));
    // It waits for the end of its input: it has called `init`.
    let wchan = format!("/proc/{}/wchan", host.id());
    until("the host's read", || fs::read_to_string(&wchan).ok().filter(|call| call.contains("pipe") || call == "0"));
    (copy, host)
}

#[test]
fn a_host_whose_executable_was_deleted_or_replaced_spawns_as_before() {
    for replaced in [false, true] {
        let harness = harness();
        let (copy, mut host) = waiting_host(&harness);
        fs::remove_file(&copy).unwrap();
        if replaced {
            fs::write(&copy, "#!/bin/sh\necho another program\n").unwrap();
            fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        }
        drop(host.stdin.take());
        assert_eq!(String::from_utf8(host.wait_with_output().unwrap().stdout).unwrap(), "exit 3\n", "{replaced}");
        harness.assert_no_process_is_left();
    }
}

#[test]
fn with_more_than_one_thread_a_launcher_is_an_error_that_says_what_to_do() {
    let harness = harness();
    let mut run = Command::new(LAUNCHER);
    let output = harness.run(run.args(["echo", "ran"]).env("RUN_LAUNCHER_THREAD", "1"));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout, printed.lines().count()), (Some(125), Vec::new(), 1), "{printed}");
    assert!(printed.contains("more than one thread") && printed.contains("first in `main`"), "{printed}");
    // A host that starts a thread before `init`.
    let mut host = Command::new(HOST);
    let output = harness.run(host.args(["spawn", "echo", "ran"]).env("LAUNCHER_HOST_THREAD", "1"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "exit 125\n");
    assert!(String::from_utf8(output.stderr).unwrap().contains("more than one thread"));
    harness.assert_no_process_is_left();
}

#[test]
fn a_command_that_is_executed_or_spawned_by_another_process_exits_with_125() {
    let harness = harness();
    for (how, advice) in
        [("exec", "spawn it, or use `Launcher::run`"), ("fork", "make it in the process that spawns it")]
    {
        let mut host = Command::new(HOST);
        let mut host = harness
            .start(host.args([how, "echo", "ran"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut printed = String::new();
        BufReader::new(host.stderr.take().unwrap()).read_line(&mut printed).unwrap();
        assert!(printed.contains(advice), "{how}: {printed}");
        let output = host.wait_with_output().unwrap();
        let status = if how == "exec" { output.status.code() } else { Some(125) };
        assert_eq!((status, String::from_utf8(output.stdout).unwrap().contains("ran")), (Some(125), false), "{how}");
        harness.killed_orphans();
    }
}

#[test]
fn a_host_that_has_not_called_init_gets_an_error() {
    let harness = harness();
    let output = harness.run(Command::new(HOST).args(["without-init", "echo", "ran"]));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    assert!(printed.contains("has not called `Launcher::init`"), "{printed}");
    harness.assert_no_process_is_left();
}
