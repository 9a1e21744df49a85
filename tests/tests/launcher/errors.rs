//! A launcher that cannot protect refuses to start the program, and says in one line what to do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{dynamic_loader, needs_root, set_uid_programs_work, skipped, until};

use crate::harness;

const HOST: &str = env!("CARGO_BIN_EXE_launcher_host");

/// The status, and the one line on standard error.
#[track_caller]
fn one_line(output: &Output, words: &[&str]) {
    let printed = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(printed.lines().count(), 1, "{printed}");
    assert!(words.iter().all(|word| printed.contains(word)), "{printed}");
}

fn host(how: &str) -> Command {
    let mut host = Command::new(HOST);
    host.args([how, "sh", "-c", "echo started"]).stdin(Stdio::null());
    host
}

#[test]
fn a_host_that_has_not_called_init_gets_an_error() {
    let harness = harness();
    let output = harness.run(&mut host("without-init"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    one_line(&output, &["Launcher::init", "Launcher::executable"]);
}

#[test]
fn half_of_what_names_a_launcher_is_125() {
    let harness = harness();
    let order = ["--owner=1", "--", "echo", "started"];
    for (name, sign) in [
        ("pdeathsig-launcher", "spawn"),
        ("host", "--pdeathsig-launcher=1"),
        ("pdeathsig-launcher", "--pdeathsig-launcher=0"),
        ("pdeathsig-launcher", "--pdeathsig-launcher=2"),
        ("pdeathsig-launcher", "--pdeathsig-launcher="),
    ] {
        let output = harness.run(Command::new(HOST).arg0(name).arg(sign).args(order));
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), &b""[..]), "{name} {sign}");
        one_line(&output, &["pdeathsig: "]);
    }
    let output = harness.run(Command::new(HOST).arg0("pdeathsig-launcher"));
    assert_eq!(output.status.code(), Some(125));
}

#[test]
fn a_dynamic_loader_refuses_the_sign() {
    let harness = harness();
    let Some(loader) = dynamic_loader() else {
        skipped("no dynamic loader of glibc");
        return;
    };
    let output = harness.run(Command::new(loader).args([HOST, "spawn", "sh", "-c", "echo started"]));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    one_line(&output, &["dynamic loader", "/proc/self/exe", "Launcher::executable"]);
    harness.assert_no_process_is_left();
}

#[test]
fn a_launcher_with_a_second_thread_is_125() {
    let harness = harness();
    let output = harness.run(host("spawn").env("LAUNCHER_HOST_THREAD", "1"));
    assert_eq!(output.stdout, b"exit 125\n");
    one_line(&output, &["thread", "Launcher::init"]);
    let mut run = Command::new(env!("CARGO_BIN_EXE_run_launcher"));
    let output = harness.run(run.args(["echo", "started"]).env("RUN_LAUNCHER_THREAD", "1"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), &b""[..]));
    one_line(&output, &["thread"]);
}

#[test]
fn executed_in_the_place_of_its_host_it_is_125() {
    let harness = harness();
    let output = harness.run(&mut host("exec"));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), &b""[..]));
    one_line(&output, &["CommandExt::exec"]);
}

#[test]
fn executed_in_the_place_of_the_first_process_of_a_container_it_is_125() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    // Its parent is outside, so there is no number to compare.
    let mut container = Command::new("unshare");
    container.args(["--pid", "--fork", "--mount-proc", HOST, "exec", "sh", "-c", "echo started"]).stdin(Stdio::null());
    let output = harness.run(&mut container);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), &b""[..]));
    one_line(&output, &["CommandExt::exec"]);
}

#[test]
fn spawned_by_a_fork_of_its_host_it_is_125() {
    let harness = harness();
    let mut child = harness.start(host("fork").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut printed = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut printed).unwrap();
    assert_eq!(printed, "exit 125\n");
    drop(child.stdin.take());
    one_line(&child.wait_with_output().unwrap(), &["made by process", "spawned by process"]);
}

#[test]
fn an_owner_that_died_before_the_launcher_looks_starts_nothing() {
    let harness = harness();
    let mut dead = harness.start(&mut Command::new("true"));
    let owner = format!("--owner={}", dead.id());
    until("a zombie", || pdeathsig_tests::state_of(Pid::from_raw(dead.id() as i32)).filter(|state| *state == 'Z'));
    let mut launcher = Command::new(HOST);
    let output = harness.run(launcher.arg0("pdeathsig-launcher").args([
        "--pdeathsig-launcher=1",
        &owner,
        "--",
        "echo",
        "started",
    ]));
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(9));
    assert_eq!(output.stdout, b"");
    dead.wait().unwrap();
}

#[test]
fn a_set_uid_host_gets_an_error_that_asks_for_another_launcher() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let copy = harness.folder().join("set-uid-host");
    fs::copy(HOST, &copy).unwrap();
    // Another user's than the one that runs it.
    std::os::unix::fs::chown(&copy, Some(1), None).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o4755)).unwrap();
    let output = harness.run(Command::new(&copy).args(["spawn", "echo", "started"]));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    one_line(&output, &["set-uid", "Launcher::executable"]);
    let order = ["--pdeathsig-launcher=1", "--owner=1", "--", "echo", "started"];
    let output = harness.run(Command::new(&copy).arg0("pdeathsig-launcher").args(order));
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(125), &b""[..]));
    one_line(&output, &["set-uid"]);
    // It does nothing in a process that is no launcher.
    let output = harness.run(Command::new(&copy).args(["plain", "--executable", "true", "echo", "started"]));
    assert_eq!(output.stdout, b"started\nexit 0\n");
}

#[test]
fn a_host_whose_file_was_deleted_goes_on() {
    let harness = harness();
    let copy = harness.folder().join("host");
    fs::copy(HOST, &copy).unwrap();
    let mut child = harness.start(
        Command::new(&copy).args(["after-input", "sh", "-c", "exit 6"]).stdin(Stdio::piped()).stdout(Stdio::piped()),
    );
    let exe = format!("/proc/{}/exe", child.id());
    until("the host", || fs::read_link(&exe).ok().filter(|file| file == &copy));
    fs::remove_file(&copy).unwrap();
    drop(child.stdin.take());
    assert_eq!(child.wait_with_output().unwrap().stdout, b"exit 6\n");
}

#[test]
fn nothing_is_left_of_a_launcher_whose_owner_dies_at_once() {
    let harness = harness();
    for _ in 0..50 {
        let mut host = harness.start(Command::new(HOST).args(["spawn", "sleep", "1000"]));
        until("outer", || pdeathsig_tests::children_of(Pid::from_raw(host.id() as i32)).into_iter().next());
        kill(Pid::from_raw(host.id() as i32), Signal::SIGKILL).unwrap();
        host.wait().unwrap();
        assert!(harness.killed_orphans_within(std::time::Duration::from_secs(10)).is_some());
    }
}
