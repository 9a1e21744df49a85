//! The programs in `examples/languages`: with `pdeathsig` nothing is left, without it something lives on.

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pdeathsig_tests::{any_child, is_installed, needs_root, pdeathsig, until, Harness};

use crate::harness;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/languages");

/// A program with a helper in a session of its own, for the files that leave the program to the reader.
const PROGRAM: &str = "#!/bin/sh\nsetsid sleep 60 &\necho ready\nsleep 60\ntrue\n";

/// A command that finds `pdeathsig` in `PATH`, and programs in the harness's folder before it.
fn command(harness: &Harness, name: &str) -> Command {
    let folders = [harness.folder(), pdeathsig().parent().unwrap()].map(Path::to_owned);
    let inherited = env::var_os("PATH").unwrap();
    let path = folders.into_iter().chain(env::split_paths(&inherited));
    let mut command = Command::new(name);
    command.env("PATH", env::join_paths(path).unwrap()).env("TERM", "xterm").current_dir(harness.folder());
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program in the harness's folder.
fn put(harness: &Harness, name: &str) {
    let file = harness.folder().join(name);
    fs::write(&file, PROGRAM).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
}

/// Runs a program that kills its own command.
fn kills_its_command(interpreter: &[&str], file: &str) {
    if !is_installed(interpreter[0]) {
        return;
    }
    for plain in [false, true] {
        let harness = harness();
        let mut run = command(&harness, interpreter[0]);
        run.args(&interpreter[1..]).arg(Path::new(FOLDER).join(file)).stdout(Stdio::null());
        if plain {
            run.arg("--plain");
        }
        let status = harness.start(&mut run).wait().unwrap();
        assert!(status.success(), "{file}: {status}");
        if plain {
            assert!(any_child().is_some(), "{file}: nothing lives on without the command");
        } else {
            harness.killed_orphans();
        }
    }
}

/// Kills the process that starts these words when the program at their end runs.
fn is_killed(harness: &Harness, host: &mut Command) {
    let mut host = harness.start(host.stdout(Stdio::piped()));
    let mut line = String::new();
    BufReader::new(host.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    host.kill().unwrap();
    host.wait().unwrap();
}

#[test]
fn a_go_parent_leaves_nothing() {
    kills_its_command(&["go", "run"], "article.go");
}

#[test]
fn a_python_parent_leaves_nothing() {
    kills_its_command(&["python3"], "timeout.py");
}

#[test]
fn a_node_parent_leaves_nothing() {
    kills_its_command(&["node"], "kill.js");
}

#[test]
fn a_shell_script_that_is_killed() {
    for plain in [false, true] {
        let harness = harness();
        let mut script = command(&harness, "sh");
        script.arg(Path::new(FOLDER).join("step.sh"));
        if plain {
            script.arg("--plain");
        }
        is_killed(&harness, &mut script);
        if plain {
            assert!(any_child().is_some(), "nothing lives on without the command");
        } else {
            harness.killed_orphans();
        }
    }
}

#[test]
fn a_ci_step_whose_runner_or_shell_is_killed() {
    let text = fs::read_to_string(Path::new(FOLDER).join("ci.yml")).unwrap();
    let step = text.lines().find_map(|line| line.trim().strip_prefix("- run: exec ")).unwrap();
    // As a runner does: the step is a script of a shell. Without `exec`, the shell stays, and is the parent.
    for (runner, step) in [("\"$@\"; true", format!("exec {step}")), ("exec \"$@\"", format!("{step}; true"))] {
        let harness = harness();
        put(&harness, "test.sh");
        is_killed(&harness, command(&harness, "sh").args(["-c", runner, "runner", "sh", "-e", "-c", &step]));
        harness.killed_orphans();
    }
}

#[test]
fn an_mcp_host_that_is_killed_leaves_nothing() {
    let text = fs::read_to_string(Path::new(FOLDER).join("mcp.json")).unwrap();
    let configuration: serde_json::Value = serde_json::from_str(&text).unwrap();
    let server = &configuration["mcpServers"]["some-server"];
    let words = [&server["command"]].into_iter().chain(server["args"].as_array().unwrap());
    let words: Vec<&str> = words.map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words, ["pdeathsig", "-s", "TERM", "-k", "10s", "npx", "some-server"]);
    let harness = harness();
    put(&harness, "npx");
    is_killed(&harness, command(&harness, "sh").args(["-c", "\"$@\"; true", "host"]).args(words));
    harness.killed_orphans();
}

#[test]
fn a_containers_entry_point_leaves_nothing() {
    if !needs_root() || !is_installed("unshare") {
        return;
    }
    let text = fs::read_to_string(Path::new(FOLDER).join("Dockerfile")).unwrap();
    let words = |instruction: &str| -> Vec<String> {
        let line = text.lines().find_map(|line| line.strip_prefix(instruction)).unwrap();
        serde_json::from_str(line.trim()).unwrap()
    };
    let harness = harness();
    put(&harness, "server");
    let mut container = command(&harness, "unshare");
    container.args(["--pid", "--fork", "--mount-proc"]).args(words("ENTRYPOINT")).args(words("CMD"));
    let mut container = harness.start(container.stdout(Stdio::piped()));
    let mut line = String::new();
    BufReader::new(container.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    // `docker stop` sends SIGTERM to the entry point.
    let entry_point = until("the entry point", || {
        let children = format!("/proc/{0}/task/{0}/children", container.id());
        fs::read_to_string(children).ok()?.split_whitespace().next()?.parse().ok()
    });
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(entry_point), nix::sys::signal::Signal::SIGTERM).unwrap();
    let status = container.wait().unwrap();
    // The first process of a namespace survives its own signals, so it exits with 128 and the number.
    assert_eq!((status.code(), status.signal()), (Some(128 + 15), None));
    harness.killed_orphans();
}
