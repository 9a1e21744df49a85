//! When the program stops, its launcher stops; when either continues, both do, and nothing is left if one is killed
//! then.
//!
//! ```sh
//! PDEATHSIG_STOPS=500 cargo test --test launcher stops
//! ```
//!
//! Without the variable, there are 100 rounds.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{kill, Signal};
use pdeathsig_tests::{is_installed, number_from_environment, state_of, until, Dies, Harness, Launched};

use crate::{await_state, harness};

fn launch(harness: &Harness) -> Launched {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    let script = "setsid sh -c 'echo up; exec sleep 1000' & echo up; read line; exit 7";
    Launched::by_host(harness, host.args(["spawn", "--grace", "200", "sh", "-c", script]).process_group(0), 2)
}

/// 500 are a matter of seconds on a quiet machine.
fn rounds() -> u64 {
    number_from_environment("PDEATHSIG_STOPS").unwrap_or(100)
}

#[test]
fn outer_stops_and_continues_with_the_program() {
    let harness = harness();
    let mut launched = launch(&harness);
    for round in 0..rounds() {
        kill(launched.program, Signal::SIGSTOP).unwrap();
        await_state(launched.outer, true);
        assert_ne!(state_of(launched.inner), Some('T'));
        // By the program's own, or by what a shell sends to the job it knows.
        let continued = if round % 2 == 0 { launched.program } else { launched.outer };
        kill(continued, Signal::SIGCONT).unwrap();
        await_state(launched.outer, false);
        await_state(launched.program, false);
    }
    launched.close_input();
    assert_eq!(launched.line(), "exit 7\n");
}

/// Another process takes the processor from *outer*, so that SIGSTOP is still pending for it when the program has been
/// continued.
#[test]
fn a_stop_and_a_continue_in_a_row_leave_outer_running() {
    if !is_installed("taskset") || !is_installed("chrt") {
        return;
    }
    let harness = harness();
    let mut launched = launch(&harness);
    let outer = launched.outer.to_string();
    for _ in 0..5 {
        set(&["taskset", "--cpu-list", "--pid", "0", &outer]);
        set(&["chrt", "--idle", "--pid", "0", &outer]);
        let busy = ["--cpu-list", "0", "sh", "-c", "while :; do :; done"];
        let mut busy = harness.start(Command::new("taskset").args(busy));
        kill(launched.program, Signal::SIGSTOP).unwrap();
        await_state(launched.program, true);
        // *inner* sends it at once.
        until("SIGSTOP for outer", || Some(()).filter(|()| state_of(launched.outer) != Some('S')));
        kill(launched.program, Signal::SIGCONT).unwrap();
        // It tells *inner* before it sleeps again.
        for process in [launched.program, launched.inner] {
            until("a sleeping process", || state_of(process).filter(|state| *state == 'S'));
        }
        busy.kill().unwrap();
        busy.wait().unwrap();
        let state = until("outer, awake or stopped", || state_of(launched.outer).filter(|state| *state != 'R'));
        assert_eq!(state, 'S');
    }
    launched.close_input();
    assert_eq!(launched.line(), "exit 7\n");
}

fn set(command: &[&str]) {
    let output = Command::new(command[0]).args(&command[1..]).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

#[test]
fn nothing_is_left_when_a_stopped_program_is_killed() {
    let harness = harness();
    let mut launched = launch(&harness);
    kill(launched.program, Signal::SIGSTOP).unwrap();
    await_state(launched.outer, true);
    launched.kill(Dies::Program);
    assert_eq!(launched.line(), "signal 9\n");
    harness.killed_orphans();
}

#[test]
fn nothing_is_left_when_one_is_stopped_and_another_is_killed() {
    let harness = harness();
    for stopped in [Dies::Outer, Dies::Inner, Dies::Program] {
        for killed in Dies::EACH {
            println!("{stopped:?} is stopped, {killed:?} is killed");
            let launched = launch(&harness);
            kill(launched.pid_of(stopped), Signal::SIGSTOP).unwrap();
            await_state(launched.pid_of(stopped), true);
            launched.kill(killed);
            harness.killed_orphans();
        }
    }
}
