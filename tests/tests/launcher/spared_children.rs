//! Children that a process had before it became a launcher are neither signalled nor waited for.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{children_of, needs_root, skipped, state_of, until};

use crate::harness;

/// A shell that starts `before`, then becomes the launcher of `program`.
fn shell(before: &str, program: &str) -> Command {
    let mut shell = Command::new("bash");
    let script = format!("{before} & exec \"$0\" --grace 100 sh -c '{program}'");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_run_launcher")]).process_group(0);
    shell
}

/// The children of the test that live, of whatever thread.
fn living_children() -> Vec<Pid> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let children =
        |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let all: Vec<Pid> = threads
        .flat_map(|thread| {
            children(thread).split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect::<Vec<_>>()
        })
        .collect();
    all.into_iter().filter(|child| lives(*child)).collect()
}

fn lives(process: Pid) -> bool {
    state_of(process).is_some_and(|state| state != 'Z')
}

#[test]
fn it_is_not_waited_for_and_lives_on_after_the_program() {
    let harness = harness();
    let mut launcher = harness.start(&mut shell("sleep 1000", "setsid sleep 1000 & exit 5"));
    assert_eq!(launcher.wait().unwrap().code(), Some(5));
    let left = living_children();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// A shell that does the same without `/proc`.
fn shell_without_proc(before: &str, program: &str) -> Command {
    let mut shell = Command::new("unshare");
    let script = format!("umount -l /proc || exit 1; {before} & exec \"$0\" --grace 100 sh -c '{program}'");
    shell.args(["--mount", "bash", "-c", &script, env!("CARGO_BIN_EXE_run_launcher")]).process_group(0);
    shell
}

#[test]
fn it_lives_on_when_a_half_of_the_launcher_is_killed() {
    for kill_inner in [true, false] {
        with_a_half_killed(shell, kill_inner);
    }
}

/// Where pids are tried, four million each time.
#[test]
fn without_proc_it_lives_on_when_inner_is_killed() {
    if cfg!(target_env = "musl") {
        skipped("with musl, a program without std's runtime reads its arguments in /proc");
    } else if needs_root() {
        with_a_half_killed(shell_without_proc, true);
    }
}

fn with_a_half_killed(shell: fn(&str, &str) -> Command, kill_inner: bool) {
    let harness = harness();
    let mut launcher = harness.start(&mut shell("sleep 1000", "setsid sleep 1000 & exec sleep 1000"));
    let outer = Pid::from_raw(launcher.id() as i32);
    let is_inner = |child: &Pid| children_of(*child).iter().any(|program| !children_of(*program).is_empty());
    let inner = until("the tree", || children_of(outer).into_iter().find(is_inner));
    // The one that is spared comes first.
    let spared = children_of(outer)[0];
    kill(if kill_inner { inner } else { outer }, Signal::SIGKILL).unwrap();
    launcher.wait().unwrap();
    until("the end of the tree", || (living_children() == [spared]).then_some(()));
    kill(spared, Signal::SIGKILL).unwrap();
    harness.killed_orphans();
}

#[test]
fn a_spared_child_that_is_dead_already_does_not_matter() {
    let harness = harness();
    for program in ["exit 5", "sleep 0.1; setsid sleep 1000 & exit 5"] {
        let mut launcher = harness.start(&mut shell("true", program));
        assert_eq!(launcher.wait().unwrap().code(), Some(5));
        assert_eq!(living_children(), []);
        harness.killed_orphans();
    }
}

#[test]
fn its_orphans_are_spared_too() {
    let harness = harness();
    let mut launcher = harness.start(&mut shell("(sleep 0.3; sleep 1000 & exit)", "exec sleep 1000"));
    let outer = Pid::from_raw(launcher.id() as i32);
    let inner = until("the orphan", || {
        let children = children_of(outer);
        // `inner`, and the orphan in place of its parent.
        let name = |pid: &Pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let orphan = children.iter().any(|child| name(child) == "sleep\n");
        children.into_iter().find(|child| name(child) == "run_launcher\n").filter(|_| orphan)
    });
    // `outer` notices them when a child of it exits, a moment later.
    thread::sleep(Duration::from_millis(300));
    kill(inner, Signal::SIGKILL).unwrap();
    launcher.wait().unwrap();
    let left = living_children();
    assert_eq!(left.len(), 1, "{left:?}");
}
