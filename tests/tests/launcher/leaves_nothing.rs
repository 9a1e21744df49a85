//! Whatever dies, nothing of a launcher's tree is left.

use std::os::unix::process::CommandExt;
use std::process::Command;

use pdeathsig_tests::{children_of, state_of, until, Dies, Launched};

use crate::harness;

/// What a program starts, and how many lines say that all of it is up. Each waits for its input to close, then exits.
const WAYS: [(&str, &str, usize); 7] = [
    ("plain", "echo up", 1),
    ("setsid", "setsid sh -c 'echo up; exec sleep 1000' & echo up", 2),
    ("double fork", "( (setsid sh -c 'echo up; exec sleep 1000' &) & ); echo up", 2),
    ("timeout", "timeout 1000 sh -c 'echo up; exec sleep 1000' & echo up", 2),
    ("job control", "set -m; sh -c 'echo up; exec sleep 1000' & echo up", 2),
    ("ignores signals", "trap '' TERM HUP INT; sh -c 'echo up; exec sleep 1000' & echo up", 2),
    ("stopped", "sh -c 'echo up; kill -STOP $$; sleep 1000' & echo up", 2),
];

fn is_stopped_if_it_should(launched: &Launched, way: &str) {
    if way == "stopped" {
        let child = || children_of(launched.program).into_iter().next();
        until("a stopped process", || child().filter(|child| state_of(*child) == Some('T')));
    }
}

fn host(script: &str) -> Command {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    host.args(["spawn", "--grace", "300", "bash", "-c", &format!("{script}; read line; exit 7")]).process_group(0);
    host
}

/// After the death of a process; of none if the program exits.
fn nothing_is_left_after(death: Option<Dies>) {
    let harness = harness();
    for (way, script, lines) in WAYS {
        println!("{death:?}: {way}");
        let mut launched = Launched::by_host(&harness, &mut host(script), lines);
        is_stopped_if_it_should(&launched, way);
        let printed = match death {
            Some(Dies::Owner | Dies::OwnersGroup) => "",
            Some(_) => {
                "signal 9
"
            }
            None => {
                "exit 7
"
            }
        };
        match death {
            Some(dies) => launched.kill(dies),
            None => launched.close_input(),
        }
        assert_eq!(launched.line(), printed, "{way}");
        // Of the test, a subreaper, every survivor would be a child.
        harness.killed_orphans();
    }
}

#[test]
fn nothing_is_left_when_the_owner_is_killed() {
    nothing_is_left_after(Some(Dies::Owner));
}

#[test]
fn nothing_is_left_when_the_owners_whole_process_group_is_killed() {
    nothing_is_left_after(Some(Dies::OwnersGroup));
}

#[test]
fn nothing_is_left_when_outer_is_killed() {
    nothing_is_left_after(Some(Dies::Outer));
}

#[test]
fn nothing_is_left_when_inner_is_killed() {
    nothing_is_left_after(Some(Dies::Inner));
}

#[test]
fn nothing_is_left_when_the_program_exits() {
    nothing_is_left_after(None);
}

#[test]
fn nothing_is_left_when_the_program_is_killed() {
    nothing_is_left_after(Some(Dies::Program));
}
