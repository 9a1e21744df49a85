//! A signal to a launcher reaches the program once; only SIGTERM with a grace ends the tree.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{send_number, until, Harness, Launched};

use crate::harness;

const SIGNAL_PRINTER: &str = env!("CARGO_BIN_EXE_signal_printer");

/// In a process group of its own, so that the test is in none that is signalled.
fn launch(harness: &Harness, arguments: &[&str], lines: usize) -> Launched {
    let mut command = Command::new(env!("CARGO_BIN_EXE_run_launcher"));
    Launched::by_test(harness, command.args(arguments).process_group(0), lines)
}

fn end(launched: &mut Launched) {
    kill(launched.outer, Signal::SIGUSR2).unwrap();
    assert_eq!(launched.line(), "12 process\n");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(9));
}

#[test]
fn each_that_a_process_sends_reaches_the_program_once() {
    let harness = harness();
    for program in [&[SIGNAL_PRINTER][..], &[SIGNAL_PRINTER, "group"]] {
        let mut launched = launch(&harness, program, 1);
        let others = [libc::SIGKILL, libc::SIGSTOP, libc::SIGUSR2, libc::SIGTERM];
        // The C library takes what is below SIGRTMIN, for which the program cannot have a handler.
        for signal in (1..32).chain(libc::SIGRTMIN()..=64).filter(|signal| !others.contains(signal)) {
            assert!(send_number(launched.outer, signal));
            assert_eq!(launched.line(), format!("{signal} process\n"));
        }
        end(&mut launched);
    }
}

#[test]
fn sigterm_reaches_the_whole_tree() {
    let harness = harness();
    let script = "trap 'echo program; exit 4' TERM
        setsid sh -c 'trap \"echo server; exit\" TERM; echo up; while :; do sleep 0.05; done' & 
        echo up; while :; do sleep 0.05; done";
    let mut launched = launch(&harness, &["sh", "-c", script], 2);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    let mut printed = [launched.line(), launched.line()];
    printed.sort();
    assert_eq!(printed, ["program\n", "server\n"]);
    assert_eq!(launched.owner.wait().unwrap().code(), Some(4));
    harness.assert_no_process_is_left();
}

#[test]
fn without_a_grace_nothing_is_killed_after_sigterm() {
    let harness = harness();
    let mut launched = launch(&harness, &[SIGNAL_PRINTER], 1);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    let mut printed = vec![launched.line()];
    // The walk over the tree stops each process, so it continues it.
    end_after(&mut launched, &mut printed);
    assert!(printed.contains(&"15 process\n".to_owned()), "{printed:?}");
}

fn end_after(launched: &mut Launched, printed: &mut Vec<String>) {
    kill(launched.outer, Signal::SIGUSR2).unwrap();
    while printed.last().is_some_and(|line| line != "12 process\n") {
        printed.push(launched.line());
    }
    assert_eq!(launched.owner.wait().unwrap().code(), Some(9));
}

#[test]
fn with_a_grace_the_tree_is_killed_after_sigterm() {
    let harness = harness();
    let script = "trap '' TERM; setsid sleep 1000 & echo up; wait";
    let mut launched = launch(&harness, &["--grace", "100", "sh", "-c", script], 1);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    assert_eq!(launched.line(), "");
    let ended = launched.owner.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(libc::SIGKILL));
    harness.assert_no_process_is_left();
}

#[test]
fn after_sigterm_from_outside_no_second_one_is_sent_when_the_program_exits() {
    let harness = harness();
    let script = format!("{SIGNAL_PRINTER} group & trap 'exit 4' TERM; echo up; while :; do sleep 0.05; done");
    let mut launched = launch(&harness, &["--grace", "1500", "sh", "-c", &script], 2);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    assert_eq!(launched.owner.wait().unwrap().code(), Some(4));
    // A second one would come when it has been left behind for a second, and SIGKILL when the grace is over.
    let printed: Vec<String> = std::iter::from_fn(|| Some(launched.line()).filter(|line| !line.is_empty())).collect();
    assert_eq!(printed.iter().filter(|line| *line == "15 process\n").count(), 1, "{printed:?}");
    harness.assert_no_process_is_left();
}

#[test]
fn a_members_own_sigterm_starts_no_grace_and_does_not_come_back() {
    let harness = harness();
    // The shell and the launcher are in one group. A grandchild would hear what the launcher sends to the tree.
    let signals = "kill -TERM 0; kill -HUP 0; kill -INT 0";
    let script =
        format!("{SIGNAL_PRINTER} group & trap '' TERM HUP INT; read line; {signals}; echo sent; read line; exit 5");
    let mut launched = launch(&harness, &["--grace", "50", "sh", "-c", &script], 1);
    launched.write_line("now");
    assert_eq!(launched.line(), "sent\n");
    thread::sleep(Duration::from_millis(500));
    assert_eq!(launched.owner.try_wait().unwrap(), None);
    launched.write_line("end");
    // The grandchild gets SIGTERM when the program has left it behind for a second, and then the grace is over.
    assert_eq!(launched.line(), "15 process\n");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(5));
}

#[test]
fn sigint_and_sigquit_start_no_grace() {
    let harness = harness();
    let mut launched = launch(&harness, &["--grace", "50", SIGNAL_PRINTER], 1);
    for (signal, line) in [(Signal::SIGINT, "2 process\n"), (Signal::SIGQUIT, "3 process\n")] {
        kill(launched.outer, signal).unwrap();
        assert_eq!(launched.line(), line);
    }
    thread::sleep(Duration::from_millis(300));
    end(&mut launched);
}

#[test]
fn an_alarm_from_before_the_launcher_reaches_the_program() {
    let harness = harness();
    let perl = "alarm 1; exec @ARGV";
    let mut command = Command::new("perl");
    command.args(["-e", perl, env!("CARGO_BIN_EXE_run_launcher"), SIGNAL_PRINTER]);
    let mut launched = Launched::by_test(&harness, &mut command, 1);
    // Passed on by *outer*.
    assert_eq!(launched.line(), "14 process\n");
    end(&mut launched);
}

#[test]
fn a_continue_goes_to_the_group_that_the_program_leads() {
    let harness = harness();
    let script = format!("{SIGNAL_PRINTER} & exec {SIGNAL_PRINTER}");
    let mut launched = launch(&harness, &["--grace", "50", "setsid", "sh", "-c", &script], 2);
    kill(launched.outer, Signal::SIGCONT).unwrap();
    assert_eq!([launched.line(), launched.line()], ["18 process\n", "18 process\n"]);
    // Others go to the program alone.
    kill(launched.outer, Signal::SIGHUP).unwrap();
    assert_eq!(launched.line(), "1 process\n");
    end(&mut launched);
}

#[test]
fn what_is_sent_to_the_whole_group_reaches_the_program_twice() {
    let harness = harness();
    let mut launched = launch(&harness, &[SIGNAL_PRINTER], 1);
    // A queued one, so that both are there.
    let signal = 40;
    assert!(send_number(Pid::from_raw(-launched.outer.as_raw()), signal));
    assert_eq!([launched.line(), launched.line()], ["40 process\n", "40 process\n"]);
    killpg(launched.outer, Signal::SIGUSR2).unwrap();
    assert_eq!(launched.line(), "12 process\n");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(9));
}

#[test]
fn a_signal_to_inner_changes_nothing() {
    let harness = harness();
    let mut launched = launch(&harness, &["--grace", "50", SIGNAL_PRINTER], 1);
    for signal in (1..=64).filter(|signal| ![libc::SIGKILL, libc::SIGSTOP].contains(signal)) {
        assert!(send_number(launched.inner, signal));
    }
    thread::sleep(Duration::from_millis(200));
    end(&mut launched);
}

#[test]
fn sigterm_before_the_program_is_there_is_not_lost() {
    let harness = harness();
    for _ in 0..50 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_run_launcher"));
        let mut child = harness.start(command.args(["sleep", "1000"]).process_group(0));
        kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        let ended = until("the end", || child.try_wait().unwrap());
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(libc::SIGTERM));
    }
    harness.assert_no_process_is_left();
}
