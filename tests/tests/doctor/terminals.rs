//! A process that the terminal stopped in the background is reported, with the remedy.

use std::fs;
use std::process::Command;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{
    controlled_by_its_input, doctor, needs_kernel, pty_pair, until, Actor, Harness, Shell, Spawning, Terminal, Waiting,
};

use crate::report::{doctor_asks, harness, report_of, report_on, Report};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// An actor that leads a session with a terminal, and what keeps the terminal open.
// Reaped by the harness.
#[allow(clippy::zombie_processes)]
fn leader(harness: &Harness) -> (Actor<'_>, fs::File) {
    let (master, slave) = pty_pair();
    let mut command = Command::new(ACTOR);
    command.stdin(slave);
    harness.start(controlled_by_its_input(&mut command));
    (harness.accept(), master)
}

/// Linux 6.1 shows which signal stopped a process, 5.10 does not.
const SHOWS_STOP_SIGNAL: (u32, u32) = (6, 1);

fn read_the_terminal(actor: &mut Actor<'_>) {
    actor.request_stop_in(&Waiting::Read("/dev/tty".into()));
}

#[track_caller]
fn remedy<'a>(report: &'a Report, id: &str) -> &'a str {
    let findings = report.0["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["id"] == id).unwrap()["remedy"].as_str().unwrap()
}

#[test]
fn a_member_of_a_tether_that_uses_the_terminal_is_stopped() {
    let harness = harness();
    let (mut owner, _terminal) = leader(&harness);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = owner.spawn_tethered();
    read_the_terminal(&mut member);
    // The first question does not change the answer to the second.
    for _ in 0..3 {
        let report = report_on(&member);
        report.assert(
            &[("bad", "stopped-by-terminal"), ("note", "stopped"), ("good", "tethered")],
            &["stopped-in-background"],
        );
        let sentence = report.sentence("stopped-by-terminal");
        assert!(sentence.contains("tether") && sentence.contains("background"), "{sentence}");
        let remedy = remedy(&report, "stopped-by-terminal");
        assert!(remedy.contains("`Launcher`") && remedy.contains("`pdeathsig`"), "{remedy}");
        assert_eq!(report.verdict("parent-killed"), ("signal", ""));
    }
    owner.kill();
    member.await_dead();
}

#[test]
fn the_kernel_reports_the_signal() {
    if !needs_kernel(SHOWS_STOP_SIGNAL) {
        return;
    }
    let harness = harness();
    let (mut owner, _terminal) = leader(&harness);
    owner.tether(Signal::SIGKILL).unwrap();
    let mut member = owner.spawn_tethered();
    read_the_terminal(&mut member);
    let report = report_on(&member);
    assert_eq!(report.0["facts"]["stop_signal"], Signal::SIGTTIN as i32);
    assert!(report.sentence("stopped-by-terminal").contains("(SIGTTIN)"));
}

#[test]
fn a_group_of_its_own_that_uses_the_terminal_is_stopped_too() {
    if !doctor_asks() || !needs_kernel(SHOWS_STOP_SIGNAL) {
        return;
    }
    let harness = harness();
    let (mut parent, _terminal) = leader(&harness);
    let mut child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::default() });
    read_the_terminal(&mut child);
    let report = report_on(&child);
    report.assert(&[("bad", "stopped-by-terminal"), ("bad", "not-armed")], &["tethered"]);
    assert!(remedy(&report, "stopped-by-terminal").contains("`Launcher`"));
    // Its group becomes an orphaned one, and one that is stopped.
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGHUP"));
    parent.kill();
    child.assert_dies_of(Signal::SIGHUP);
}

#[test]
fn what_is_stopped_by_hand_is_not_stopped_by_the_terminal() {
    if !needs_kernel(SHOWS_STOP_SIGNAL) {
        return;
    }
    let harness = harness();
    let (mut owner, _terminal) = leader(&harness);
    owner.tether(Signal::SIGKILL).unwrap();
    let member = owner.spawn_tethered();
    member.send(Signal::SIGSTOP);
    member.await_stopped();
    report_on(&member).assert(&[("note", "stopped")], &["stopped-by-terminal", "stopped-in-background"]);
    owner.kill();
    member.await_dead();
}

#[test]
fn a_job_of_a_shell_may_have_been_stopped_by_the_terminal() {
    if !doctor_asks() {
        return;
    }
    for shell in [Shell::BASH, Shell::DASH] {
        if !shell.is_installed() {
            continue;
        }
        let harness = harness();
        let mut terminal = Terminal::open(&harness, shell);
        let printed = terminal.run("cat & echo pid=$!.").printed;
        let pid: i32 = printed.rsplit_once("pid=").unwrap().1.split_once('.').unwrap().0.parse().unwrap();
        let stat = format!("/proc/{pid}/stat");
        until("a stopped job", || fs::read_to_string(&stat).unwrap().contains(") T ").then_some(()));
        let report = report_of(&harness, doctor().args(["--json", &pid.to_string()]));
        let ids: Vec<_> = report.0["findings"].as_array().unwrap().iter().map(|finding| &finding["id"]).collect();
        // The shell may have asked for the stop, and the kernel then tells the signal no more.
        let one = ["stopped-by-terminal", "stopped-in-background"].iter().find(|id| ids.iter().any(|is| is == *id));
        assert!(remedy(&report, one.unwrap()).contains("`fg`"), "{:#}", report.0);
        assert_eq!(report.verdict("parent-killed"), ("dies", "SIGHUP"));
        kill(terminal.shell(), Signal::SIGKILL).unwrap();
        assert_eq!(harness.end_of(Pid::from_raw(pid)), Signal::SIGHUP as i32);
    }
}

#[test]
fn the_foreground_of_a_terminal_is_hung_up_when_the_leader_of_the_session_dies() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (mut parent, _terminal) = leader(&harness);
    let child = parent.spawn();
    let report = report_on(&child);
    report.assert(&[("bad", "not-armed")], &["stopped-by-terminal"]);
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGHUP"));
    parent.kill();
    child.assert_dies_of(Signal::SIGHUP);
}
