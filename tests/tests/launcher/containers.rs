//! A launcher in a container: as its first process, put into it from outside (`docker exec`), in a user namespace, and
//! where pids are reused all the time.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{
    children_of, needs_kernel, needs_root, only_child, skipped, state_of, until, Dies, Harness, Launched,
};

use crate::harness;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_run_launcher");
const ORDINARY: u32 = 30_000;
/// A program with a descendant in a session of its own.
const TREE: &str = "setsid sh -c 'echo up; exec sleep 1000' & echo up; exec sleep 1000";

/// What follows is the first process of a pid namespace with a `/proc` of its own.
fn container(arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--mount-proc"]).args(arguments).stdin(Stdio::null());
    command
}

#[test]
fn as_the_first_process_it_reaps_a_thousand_orphans() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    // The program exits with 0 when there is no zombie any more.
    let script = "i=0; while [ $i -lt 1000 ]; do (true &); i=$((i + 1)); done
        for try in $(seq 600); do grep -qs '^State:.Z' /proc/[0-9]*/status || exit 0; sleep 0.05; done; exit 1";
    let status = harness.start(&mut container(&[LAUNCHER, "sh", "-c", script])).wait().unwrap();
    assert_eq!(status.code(), Some(0));
    harness.assert_no_process_is_left();
}

#[test]
fn as_the_first_process_it_reaps_what_is_orphaned_by_programs_from_outside() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let script = "echo up; read line
        for try in $(seq 600); do grep -qs '^State:.Z' /proc/[0-9]*/status || exit 0; sleep 0.05; done; exit 1";
    let mut launched = Launched::by_host(&harness, &mut container(&[LAUNCHER, "sh", "-c", script]), 1);
    // These are no descendants of the launcher: their parents come from outside, and die.
    let mut enter = Command::new("nsenter");
    enter.arg(format!("--pid=/proc/{}/ns/pid", launched.outer)).args([
        "sh",
        "-c",
        "for i in 1 2 3 4 5; do (sleep 0.1 &); done",
    ]);
    assert!(harness.start(&mut enter).wait().unwrap().success());
    // Each has come to the first process before its parent's end was heard of here.
    until("the end of the orphans", || (children_of(launched.outer) == [launched.inner]).then_some(()));
    launched.write_line("look");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(0));
    harness.assert_no_process_is_left();
}

#[test]
fn as_the_first_process_it_ends_as_the_program_does() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    // The first process of a namespace cannot die of its own signals.
    for (end, status) in
        [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
    {
        let ended = harness.start(&mut container(&[LAUNCHER, "sh", "-c", end])).wait().unwrap();
        assert_eq!(ended.code(), Some(status), "{end}");
    }
    harness.assert_no_process_is_left();
}

/// `docker stop`
#[test]
fn sigterm_to_the_first_process_reaches_the_whole_tree() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let script = "trap 'echo program; exit 4' TERM
        setsid sh -c 'trap \"echo server; exit\" TERM; echo up; while :; do sleep 0.05; done' &
        echo up; while :; do sleep 0.05; done";
    let mut launched = Launched::by_host(&harness, &mut container(&[LAUNCHER, "sh", "-c", script]), 2);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    let mut printed = [launched.line(), launched.line()];
    printed.sort();
    assert_eq!(printed, ["program\n", "server\n"]);
    assert_eq!(launched.owner.wait().unwrap().code(), Some(4));
    harness.assert_no_process_is_left();
}

#[test]
fn the_container_ends_when_either_process_of_the_launcher_is_killed() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    for dies in [Dies::Outer, Dies::Inner] {
        let mut launched = Launched::by_host(&harness, &mut container(&[LAUNCHER, "sh", "-c", TREE]), 2);
        launched.kill(dies);
        until("the end of the container", || launched.owner.try_wait().unwrap());
        harness.killed_orphans();
    }
}

/// How `docker exec` starts a program: a helper joins the namespaces, starts it, and is gone.
struct Exec {
    container: Child,
    outer: Pid,
    child: Child,
}

fn exec(harness: &Harness, namespaces: &[&str], script: &str) -> Exec {
    let container = harness.start(&mut container(&["sleep", "1000"]));
    let first = only_child(Pid::from_raw(container.id() as i32));
    until("the first process", || {
        std::fs::read_to_string(format!("/proc/{first}/comm")).ok().filter(|name| name == "sleep\n")
    });
    let mut helper = Command::new("nsenter");
    helper.arg(format!("--target={first}")).args(namespaces).arg("--no-fork");
    helper.args(["sh", "-c", "\"$@\" & sleep 0.05", "sh", LAUNCHER, "sh", "-c", script]);
    let child = harness.start(helper.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let helper = Pid::from_raw(child.id() as i32);
    let is_launcher =
        |pid: &Pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "run_launcher\n");
    // The helper may be gone by now.
    let children = || [children_of(helper), children_of(Pid::this())].concat();
    let outer = until("a launcher", || children().into_iter().find(is_launcher));
    Exec { container, outer, child }
}

impl Exec {
    fn lines(&mut self, number: usize) {
        let mut byte = [0];
        let mut lines = 0;
        while lines < number {
            self.child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
            lines += usize::from(byte == *b"\n");
        }
    }

    /// What the launcher printed. The container ends.
    fn end(mut self, harness: &Harness) -> String {
        let mut printed = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        let _ = self.child.wait();
        // All is gone but the container itself.
        let first = only_child(Pid::from_raw(self.container.id() as i32));
        let namespace = std::fs::read_link(format!("/proc/{first}/ns/pid")).unwrap();
        until("the end of the tree", || (members(&namespace) == [first]).then_some(()));
        kill(first, Signal::SIGKILL).unwrap();
        self.container.wait().unwrap();
        harness.killed_orphans();
        printed
    }
}

/// The processes of a pid namespace, but for dead ones: its first process reaps none.
fn members(namespace: &Path) -> Vec<Pid> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    let is_member = |pid: &Pid| std::fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|its| its == namespace);
    pids.filter(|pid| is_member(pid) && !matches!(state_of(*pid), None | Some('Z' | 'X'))).collect()
}

const PROC_OF_THE_CONTAINER: &[&str] = &["--pid", "--mount"];
/// Its numbers are others.
const PROC_OF_THE_HOST: &[&str] = &["--pid"];

#[test]
fn as_by_docker_exec_it_works_and_says_once_that_its_parent_cannot_be_watched() {
    if !needs_root() {
        return;
    }
    for namespaces in [PROC_OF_THE_CONTAINER, PROC_OF_THE_HOST] {
        let harness = harness();
        let mut exec = exec(&harness, namespaces, "setsid sleep 1000 & echo up; sleep 0.3; echo done; exit 3");
        // The helper is gone long before.
        exec.lines(2);
        assert_eq!(harness.exit_status_of(exec.outer), 3);
        let printed = exec.end(&harness);
        assert_eq!(printed.lines().count(), 1, "{printed}");
        assert!(printed.contains("the parent is in another pid namespace and cannot be watched"), "{printed}");
    }
}

#[test]
fn as_by_docker_exec_nothing_is_left_whichever_process_is_killed() {
    if !needs_root() {
        return;
    }
    for namespaces in [PROC_OF_THE_CONTAINER, PROC_OF_THE_HOST] {
        for (which, signal) in [("outer", Signal::SIGKILL), ("inner", Signal::SIGKILL), ("outer", Signal::SIGTERM)] {
            let harness = harness();
            println!("{which}, {signal}");
            let mut exec = exec(&harness, namespaces, TREE);
            exec.lines(2);
            // The helper is gone.
            until("an adoption", || (only_parent(exec.outer) == Pid::this()).then_some(()));
            let inner = only_child(exec.outer);
            kill(if which == "outer" { exec.outer } else { inner }, signal).unwrap();
            assert_eq!(harness.end_of(exec.outer), signal as i32);
            exec.end(&harness);
        }
    }
}

#[test]
fn in_a_user_namespace_nothing_is_left_whatever_dies() {
    if !needs_root() {
        return;
    }
    let ordinary = ORDINARY.to_string();
    for pid_namespace in [false, true] {
        for dies in [Dies::Owner, Dies::Outer, Dies::Inner] {
            let harness = harness();
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &ordinary, "--regid", &ordinary, "--clear-groups"]);
            command.args(["unshare", "--user", "--map-root-user"]);
            if pid_namespace {
                command.args(["--pid", "--fork", "--mount-proc"]);
            }
            command.current_dir("/").stdin(Stdio::null());
            if !harness.run(Command::new(command.get_program()).args(command.get_args()).arg("true")).status.success() {
                skipped("an ordinary user may not make a user namespace");
                return;
            }
            // Not executed in the shell's place.
            command.args(["sh", "-c", "\"$@\"; exit $?", "sh", LAUNCHER, "sh", "-c", TREE]);
            let mut launched = if pid_namespace {
                // The owner is the first process of the namespace.
                let mut host = harness.start(command.stdout(Stdio::piped()));
                let first = only_child(Pid::from_raw(host.id() as i32));
                Launched::of_owner(first, host.stdout.take().unwrap(), host, 2)
            } else {
                Launched::by_host(&harness, &mut command, 2)
            };
            println!("{dies:?}, in a pid namespace: {pid_namespace}");
            match dies {
                Dies::Owner => kill(only_parent(launched.outer), Signal::SIGKILL).unwrap(),
                _ => launched.kill(dies),
            }
            until("the end of the owner", || launched.owner.try_wait().unwrap());
            harness.killed_orphans();
        }
    }
}

fn only_parent(process: Pid) -> Pid {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    Pid::from_raw(fields.split(' ').nth(1).unwrap().parse().unwrap())
}

/// In a pid namespace with 400 pids, each is used again after moments. Unrelated processes beside the tree start others
/// all the time, and report each that dies of a signal.
#[test]
fn where_pids_are_reused_no_unrelated_process_is_hit_and_nothing_is_left() {
    // Before 6.14 the limit is that of the whole machine.
    if !needs_root() || !needs_kernel((6, 14)) {
        return;
    }
    let harness = harness();
    let script = r#"
        echo 400 > /proc/sys/kernel/pid_max || exit 77
        other() { while :; do /bin/true; status=$?; [ $status = 0 ] || echo "hit: $status"; done; }
        other & other &
        for round in $(seq 12); do
            TREE=1 "$0" sh -c 'hop() { while :; do (setsid /bin/true &); /bin/true; done; }; setsid sleep 1000 & hop & hop' &
            launcher=$!
            sleep 0.1
            case $((round % 3)) in
                0) kill -9 $launcher;;
                1) kill -9 $(cat /proc/$launcher/task/$launcher/children);;
                2) kill -TERM $launcher;;
            esac
            wait $launcher
            for try in $(seq 200); do
                grep -lsz '^TREE=' /proc/[0-9]*/environ > /dev/null || continue 2
                sleep 0.05
            done
            echo "left: $(grep -lsz '^TREE=' /proc/[0-9]*/environ)"
        done
        echo done"#;
    let output = harness.run(&mut container(&["sh", "-c", script, LAUNCHER]));
    if output.status.code() == Some(77) {
        skipped("kernel.pid_max cannot be set");
        return;
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{output:?}");
    harness.assert_no_process_is_left();
}
