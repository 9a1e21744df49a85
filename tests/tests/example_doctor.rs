//! What the example `doctor` finds in situations that were made for it, and that whoever it asks is none the worse for it.

use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig::CommandExt;
use pdeathsig_tests::{in_this_order, needs_root, Actor, End, Refused, Stage, Tracee};
use program::{example, stage};
use serde_json::Value;

#[path = "showing/program.rs"]
mod program;

fn doctor(stage: &Stage, arguments: &[&str]) -> Output {
    stage.run(Command::new(example("doctor")).args(arguments))
}

/// A diagnosis, as JSON.
struct Diagnosis(Value);

impl Diagnosis {
    fn of(actor: &Actor<'_>) -> Diagnosis {
        Diagnosis::of_pid(actor.stage(), actor.pid(), &[])
    }

    fn of_pid(stage: &Stage, pid: Pid, options: &[&str]) -> Diagnosis {
        let pid = pid.to_string();
        Diagnosis::said(doctor(stage, &[&["--json", &pid], options].concat()))
    }

    fn said(output: Output) -> Diagnosis {
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{complaints}");
        Diagnosis(serde_json::from_slice(&output.stdout).unwrap())
    }

    fn finds(self, expected: &[(&str, &str)]) -> Diagnosis {
        for (id, level) in expected {
            let findings = self.0["findings"].as_array().unwrap();
            let found = findings.iter().find(|finding| finding["id"] == *id);
            let found = found.unwrap_or_else(|| panic!("no {id} in {:#}", self.0));
            assert_eq!(found["level"], *level, "{id}");
            if *level == "bad" {
                assert!(found["remedy"].is_string(), "{id}");
            }
        }
        self
    }

    fn does_not_find(self, ids: &[&str]) -> Diagnosis {
        let findings = self.0["findings"].as_array().unwrap();
        assert!(findings.iter().all(|finding| !ids.contains(&finding["id"].as_str().unwrap())), "{:#}", self.0);
        self
    }

    /// If the parent dies; if only its thread does that spawned.
    fn then(self, parent: &str, thread: &str) -> Diagnosis {
        assert_eq!(self.0["if_the_parent_dies"], parent);
        assert_eq!(self.0["if_only_the_spawning_thread_ends"], thread);
        self
    }
}

#[test]
fn a_protected_child() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    let diagnosis = Diagnosis::of(&child).finds(&[("armed", "good"), ("spawned-by-main-thread", "good")]);
    let diagnosis = diagnosis.does_not_find(&["not-armed", "orphan", "watch", "tethered"]).then("dies", "dies");
    assert_eq!(diagnosis.0["facts"]["parent"]["pid"], parent.pid().as_raw());
    assert_eq!(diagnosis.0["facts"]["armed"]["is"][0]["signal"], 9);
    child.assert_lives();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn an_unprotected_child() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    Diagnosis::of(&child).finds(&[("not-armed", "bad")]).does_not_find(&["armed"]).then("lives", "lives");
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_child_that_a_thread_has_spawned() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn_on_thread();
    Diagnosis::of(&child).finds(&[("spawned-by-thread", "note")]);
    child.arm(Signal::SIGKILL).unwrap();
    Diagnosis::of(&child).finds(&[("armed", "good"), ("spawned-by-thread", "bad")]).then("dies", "dies");
    parent.end_spawner();
    assert_eq!(parent.wait_for(&child), End::Killed(Signal::SIGKILL as i32));
}

#[test]
fn a_signal_that_is_ignored_blocked_or_caught() {
    type Deafen = fn(&mut Actor<'_>, Signal);
    let ways: [(Deafen, &str, &str, &str); 3] = [
        (|child, signal| child.ignore(signal), "signal-ignored", "bad", "lives"),
        (|child, signal| child.block(signal), "signal-blocked", "bad", "lives"),
        (|child, signal| child.catch(signal), "signal-caught", "note", "handles"),
    ];
    for (deafen, id, level, then) in ways {
        let stage = stage();
        let mut parent = stage.actor();
        let mut child = parent.spawn();
        deafen(&mut child, Signal::SIGTERM);
        child.arm(Signal::SIGTERM).unwrap();
        Diagnosis::of(&child).finds(&[("armed", "good"), (id, level)]).then(then, then);
        parent.kill();
        child.assert_lives();
    }
}

#[test]
fn a_tethered_child_and_what_that_starts() {
    let stage = stage();
    let mut owner = stage.actor();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    let grandchild = child.spawn();
    Diagnosis::of(&child).finds(&[("tethered", "good"), ("not-armed", "note")]).then("signalled", "lives");
    let diagnosis = Diagnosis::of(&grandchild).finds(&[("tethered-to-another", "note")]);
    assert_eq!(diagnosis.0["facts"]["tether"]["owner"]["pid"], owner.pid().as_raw());
    let diagnosis = Diagnosis::of(&owner).finds(&[("has-children", "note")]);
    // And not the zombie that leads the group.
    let children = diagnosis.0["facts"]["children"].as_array().unwrap();
    assert!(matches!(&children[..], [only] if only["pid"] == child.pid().as_raw()), "{children:?}");
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
    grandchild.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_child_that_watches() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn_on_thread();
    child.watch(Signal::SIGKILL);
    Diagnosis::of(&child).finds(&[("watch", "good"), ("spawned-by-thread", "note")]).then("signalled", "lives");
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_child_that_armed_on_a_thread() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.set_bare_on_thread_that_stays(Signal::SIGKILL);
    Diagnosis::of(&child).finds(&[("armed-on-worker", "bad"), ("not-armed", "bad")]).then("lives", "lives");
}

#[test]
fn an_orphan_in_a_session_of_its_former_parent() {
    let stage = stage();
    let mut parent = stage.actor();
    parent.new_session();
    let mut child = parent.spawn();
    Diagnosis::of(&child).does_not_find(&["orphan"]);
    parent.kill();
    child.assert_lives();
    Diagnosis::of(&child).finds(&[("orphan", "bad")]);
}

#[test]
fn the_first_process_of_a_pid_namespace() {
    if !needs_root("the_first_process_of_a_pid_namespace") {
        return;
    }
    let stage = stage();
    let mut parent = stage.actor();
    parent.new_pid_namespace().unwrap();
    let mut child = parent.spawn();
    child.arm(Signal::SIGTERM).unwrap();
    let expected = [("first-of-pid-namespace", "note"), ("pid-namespace", "note"), ("signal-without-handler", "bad")];
    Diagnosis::of(&child).finds(&expected).then("lives", "lives");
}

#[test]
fn a_stopped_child_stays_stopped() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    for _ in 0..3 {
        Diagnosis::of(&child).finds(&[("stopped", "note"), ("armed", "good")]).then("dies", "dies");
        child.await_stopped();
    }
    assert!(!child.has_answered());
    child.send(Signal::SIGCONT);
    child.assert_lives();
}

#[test]
fn signals_that_wait_for_a_stopped_child_reach_it() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    let signals = [Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGALRM];
    signals.iter().for_each(|signal| child.catch(*signal));
    child.send(Signal::SIGSTOP);
    child.await_stopped();
    signals.iter().for_each(|signal| child.send(*signal));
    Diagnosis::of(&child).finds(&[("armed", "good")]);
    child.await_stopped();
    child.send(Signal::SIGCONT);
    child.await_caught(signals.len());
}

#[test]
fn one_that_cannot_be_asked() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    let unknown = [("armed-unknown", "unknown")];
    Diagnosis::of_pid(&stage, child.pid(), &["--no-ptrace"]).finds(&unknown).then("unknown", "unknown");

    let held = Tracee::seize(&child);
    Diagnosis::of(&child).finds(&unknown).finds(&[("traced", "note")]);
    drop(held);
    Diagnosis::of(&child).finds(&[("armed", "good")]);

    child.refuse(Refused::Kill);
    Diagnosis::of(&child).finds(&unknown);
    child.assert_lives();
}

#[test]
fn a_sleep_goes_on_where_it_was() {
    let stage = stage();
    let mut sleep = stage.start(Command::new("sleep").arg("1"));
    let pid = Pid::from_raw(sleep.id() as i32);
    let mut asked = 0;
    while sleep.try_wait().unwrap().is_none() {
        // It may have ended since.
        doctor(&stage, &["--json", &pid.to_string()]);
        asked += 1;
    }
    assert!(asked > 1, "{asked}");
    assert!(sleep.wait().unwrap().success());
}

#[test]
fn no_signal_is_lost_and_no_request_while_it_asks() {
    const SIGNALS: usize = 100;
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    child.catch(Signal::SIGUSR1);
    let program = example("doctor");
    for sent in 1..=SIGNALS {
        let mut doctor =
            stage.start(Command::new(&program).arg(child.pid().to_string()).stdout(std::process::Stdio::null()));
        child.send(Signal::SIGUSR1);
        child.await_caught(sent);
        child.assert_lives();
        assert!(doctor.wait().unwrap().success());
    }
    Diagnosis::of(&child).finds(&[("armed", "good")]);
}

#[test]
fn itself() {
    let stage = stage();
    let mut command = Command::new(example("doctor"));
    // This thread of the test is not the main one.
    let diagnosis = Diagnosis::said(stage.run(command.arg("--json").die_with_parent(pdeathsig::Signal::KILL)));
    let diagnosis = diagnosis.finds(&[("armed", "good"), ("spawned-by-thread", "bad")]).then("dies", "dies");
    assert_eq!(diagnosis.0["facts"]["itself"], true);
    assert_eq!(diagnosis.0["facts"]["subreaper"], false);
}

#[test]
fn one_that_is_gone() {
    let stage = stage();
    let mut gone = stage.start(&mut Command::new("true"));
    gone.wait().unwrap();
    let output = doctor(&stage, &[&gone.id().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    in_this_order(&said, &["there is no process", "SIGKILL", "OOM killer", "137"]);
}

#[test]
fn called_wrongly_it_says_how_it_is_called() {
    let stage = stage();
    for arguments in [&["--bogus"][..], &["nobody"], &["--json=yes"]] {
        let output = doctor(&stage, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        in_this_order(&said, &["doctor: ", "usage: doctor"]);
    }
}

#[test]
fn in_words() {
    let stage = stage();
    let mut parent = stage.actor();
    let mut child = parent.spawn_on_thread();
    child.arm(Signal::SIGTERM).unwrap();
    let output = doctor(&stage, &[&child.pid().to_string()]);
    let said = String::from_utf8(output.stdout).unwrap();
    in_this_order(
        &said,
        &["child of ", "bad ", "by the thread", "→", "`watch`", "good ", "SIGTERM", "If its parent dies"],
    );
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
}
