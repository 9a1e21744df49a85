//! Whatever dies, nothing of a launcher's tree is left.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{children_of, state_of, until, Harness, Launched};

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

/// What dies.
#[derive(Clone, Copy, Debug)]
enum Dies {
    Owner,
    OwnersGroup,
    Outer,
    Inner,
    Program,
    ProgramKilled,
}

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

fn after_the_death_of(dies: Dies) {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    for (way, script, lines) in WAYS {
        eprintln!("{dies:?}: {way}");
        let mut launched = Launched::by_host(&harness, &mut host(script), lines);
        is_stopped_if_it_should(&launched, way);
        let owner = Pid::from_raw(launched.owner.id() as i32);
        match dies {
            Dies::Owner => kill(owner, Signal::SIGKILL).unwrap(),
            Dies::OwnersGroup => killpg(owner, Signal::SIGKILL).unwrap(),
            Dies::Outer => kill(launched.outer, Signal::SIGKILL).unwrap(),
            Dies::Inner => kill(launched.inner, Signal::SIGKILL).unwrap(),
            Dies::ProgramKilled => kill(launched.program, Signal::SIGKILL).unwrap(),
            Dies::Program => launched.close_input(),
        }
        let printed = match dies {
            Dies::Owner | Dies::OwnersGroup => "",
            Dies::Outer | Dies::Inner | Dies::ProgramKilled => "signal 9\n",
            Dies::Program => "exit 7\n",
        };
        assert_eq!(launched.line(), printed, "{way}");
        // Of the test, a subreaper, every survivor would be a child.
        assert!(harness.killed_orphans_within(Duration::from_secs(10)).is_some(), "{dies:?}: {way}");
    }
}

#[test]
fn the_owner_is_killed() {
    after_the_death_of(Dies::Owner);
}

#[test]
fn the_owners_whole_process_group_is_killed() {
    after_the_death_of(Dies::OwnersGroup);
}

#[test]
fn outer_is_killed() {
    after_the_death_of(Dies::Outer);
}

#[test]
fn inner_is_killed() {
    after_the_death_of(Dies::Inner);
}

#[test]
fn the_program_exits() {
    after_the_death_of(Dies::Program);
}

#[test]
fn the_program_is_killed() {
    after_the_death_of(Dies::ProgramKilled);
}
