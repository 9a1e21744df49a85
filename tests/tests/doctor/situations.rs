//! Each situation is found, and its verdict comes true.

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Harness, Spawning};

use crate::report::{doctor_asks, harness, report_on};

fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>) {
    let mut parent = harness.actor();
    let child = parent.spawn();
    (parent, child)
}

#[test]
fn a_protected_child_dies() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.arm(Signal::SIGKILL).unwrap();
    let report = report_on(&child);
    report.assert(&[("good", "armed"), ("good", "spawned-by-main-thread")], &["not-armed", "orphan", "armed-unknown"]);
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGKILL"));
    parent.kill();
    assert_eq!(child.end(), WaitStatus::Signaled(child.pid(), Signal::SIGKILL, false));
}

#[test]
fn an_unprotected_child_lives() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    let report = report_on(&child);
    report.assert(&[("bad", "not-armed")], &["armed", "watch", "tethered", "orphan"]);
    assert_eq!(report.verdict("parent-killed"), ("lives", ""));
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_child_of_a_thread_dies_with_that() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.arm(Signal::SIGKILL).unwrap();
    let report = report_on(&child);
    report.assert(&[("good", "armed"), ("bad", "spawned-by-thread")], &["spawned-by-main-thread"]);
    assert_eq!(report.verdict("spawner-thread-ends"), ("dies", "SIGKILL"));
    parent.end_spawner();
    child.await_dead();
    parent.assert_lives();
}

#[test]
fn an_unprotected_child_of_a_thread_passes_to_another() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    let report = report_on(&child);
    report.assert(&[("note", "spawned-by-thread")], &[]);
    assert_eq!(report.verdict("spawner-thread-ends"), ("lives", ""));
    parent.end_spawner();
    child.assert_lives();
    report_on(&child).assert(&[("good", "spawned-by-main-thread")], &["spawned-by-thread"]);
}

#[test]
fn an_ignored_signal_does_nothing() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.ignore(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    let report = report_on(&child);
    report.assert(&[("good", "armed"), ("bad", "signal-ignored")], &["signal-blocked", "signal-caught"]);
    assert_eq!(report.verdict("parent-killed"), ("lives", "SIGTERM"));
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_blocked_signal_waits() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.block(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    let report = report_on(&child);
    report.assert(&[("bad", "signal-blocked")], &["signal-ignored", "signal-caught"]);
    assert_eq!(report.verdict("parent-killed"), ("signal", "SIGTERM"));
    parent.kill();
    child.assert_lives();
    child.unblock(Signal::SIGTERM);
    assert_eq!(child.end(), WaitStatus::Signaled(child.pid(), Signal::SIGTERM, false));
}

#[test]
fn a_caught_signal_runs_its_handler() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.catch(Signal::SIGTERM);
    child.arm(Signal::SIGTERM).unwrap();
    let report = report_on(&child);
    report.assert(&[("note", "signal-caught")], &["signal-ignored", "signal-blocked"]);
    assert_eq!(report.verdict("parent-killed"), ("signal", "SIGTERM"));
    parent.kill();
    child.await_caught(1);
}

#[test]
fn a_harmless_signal_kills_nothing() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.arm(Signal::SIGWINCH).unwrap();
    let report = report_on(&child);
    report.assert(&[("bad", "signal-harmless")], &[]);
    assert_eq!(report.verdict("parent-killed"), ("lives", "SIGWINCH"));
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_tethered_child_dies_and_so_does_its_own_child() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_tethered();
    let grandchild = child.spawn();
    let report = report_on(&child);
    report.assert(&[("good", "tethered"), ("note", "children")], &["not-armed"]);
    assert_eq!(report.verdict("parent-killed"), ("signal", ""));
    let report = report_on(&grandchild);
    report.assert(&[("good", "tethered")], &["not-armed"]);
    assert_eq!((report.verdict("tether-cut"), report.verdict("parent-killed")), (("signal", ""), ("lives", "")));
    assert_eq!(report.0["facts"]["group"]["leader"]["anchor"]["owner"], parent.pid().as_raw());
    report_on(&parent).assert(&[("good", "children-tethered")], &[]);
    parent.kill();
    child.await_dead();
    grandchild.await_dead();
}

#[test]
fn a_member_that_has_left_its_tether_lives() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    parent.tether(Signal::SIGKILL).unwrap();
    let mut child = parent.spawn_as(Spawning { group: Some(0), ..Spawning::tethered() });
    let report = report_on(&child);
    report.assert(&[("note", "not-in-tether"), ("bad", "not-armed")], &["tethered"]);
    assert_eq!(report.verdict("parent-killed"), ("lives", ""));
    parent.kill();
    child.assert_lives();
}

#[test]
fn a_member_that_has_survived_its_tether_has_a_dead_leader() {
    let harness = harness();
    let mut parent = harness.actor();
    parent.tether(Signal::SIGTERM).unwrap();
    let mut child = parent.spawn_tethered();
    child.ignore(Signal::SIGTERM);
    parent.kill();
    child.assert_lives();
    // The anchor has come to this process, which does not reap it.
    report_on(&child).assert(&[("note", "group-leader-dead")], &["tethered"]);
}

#[test]
fn a_watch_waits_for_the_process_and_not_the_thread() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut parent = harness.actor();
    let mut child = parent.spawn_on_thread();
    child.watch(Signal::SIGKILL);
    let report = report_on(&child);
    report.assert(&[("good", "watch"), ("note", "spawned-by-thread")], &["not-armed", "watch-signal-unknown"]);
    assert_eq!(
        (report.verdict("spawner-thread-ends"), report.verdict("parent-killed")),
        (("lives", ""), ("signal", ""))
    );
    parent.end_spawner();
    child.assert_lives();
    parent.kill();
    child.await_dead();
}

/// A shell that waits for an actor.
fn behind_a_shell() -> Spawning {
    let script = format!("{}; true", env!("CARGO_BIN_EXE_actor"));
    Spawning { program: Some(("sh".into(), vec!["-c".into(), script])), ..Spawning::default() }
}

#[test]
fn a_watch_on_a_shell_does_not_notice_the_death_of_what_started_the_shell() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut editor = harness.actor();
    let mut server = editor.spawn_as(behind_a_shell());
    report_on(&server).assert(&[("bad", "not-armed")], &["parent-is-wrapper"]);
    server.watch(Signal::SIGKILL);
    let report = report_on(&server);
    report.assert(&[("good", "watch"), ("note", "parent-is-wrapper")], &["not-armed"]);
    let sentence = report.sentence("parent-is-wrapper");
    let shell = server.parent();
    assert!(sentence.contains(&format!("Its parent, sh {shell},")), "{sentence}");
    assert!(sentence.contains(&format!("Its own parent is actor {}.", editor.pid())), "{sentence}");
    editor.kill();
    server.assert_lives();
    nix::sys::signal::kill(shell, Signal::SIGKILL).unwrap();
    server.await_dead();
}

#[test]
fn a_watch_on_a_process_that_is_no_wrapper_is_not_warned_of() {
    let harness = harness();
    let mut editor = harness.actor();
    let mut server = editor.spawn();
    let mut helper = server.spawn();
    helper.watch(Signal::SIGKILL);
    server.watch(Signal::SIGKILL);
    report_on(&helper).assert(&[("good", "watch")], &["parent-is-wrapper"]);
    report_on(&server).assert(&[("good", "watch")], &["parent-is-wrapper"]);
}

#[test]
fn signals_that_a_watch_would_send_without_effect_are_named() {
    let harness = harness();
    let (_parent, mut child) = family(&harness);
    child.ignore(Signal::SIGHUP);
    child.block(Signal::SIGTERM);
    child.watch(Signal::SIGKILL);
    let report = report_on(&child);
    let sentence = report.sentence("watch-signal-unknown");
    assert!(sentence.contains("ignores SIGHUP") && sentence.contains("in its main thread SIGTERM"), "{sentence}");
}

#[test]
fn a_setting_of_a_worker_thread_is_found() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    let thread = child.set_bare_on_lasting_thread(Signal::SIGKILL);
    let report = report_on(&child);
    report.assert(&[("bad", "armed-on-worker-thread")], &["armed", "not-armed"]);
    assert!(report.sentence("armed-on-worker-thread").contains(&thread.to_string()));
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGKILL"));
    parent.kill();
    child.await_dead();
}

#[test]
fn a_setting_of_a_thread_that_has_ended_is_gone() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (parent, mut child) = family(&harness);
    child.set_bare_on_thread(Signal::SIGKILL);
    child.await_threads(1);
    let report = report_on(&child);
    report.assert(&[("bad", "not-armed")], &["armed-on-worker-thread"]);
    parent.kill();
    child.assert_lives();
}

#[test]
fn an_orphan_is_found_by_its_session() {
    let harness = harness();
    let mut adopter = harness.actor();
    adopter.become_subreaper();
    let mut parent = adopter.spawn();
    parent.new_session();
    let mut child = parent.spawn();
    report_on(&child).assert(&[], &["orphan"]);
    parent.send(Signal::SIGKILL);
    adopter.wait_for(&parent);
    assert_eq!(child.parent(), adopter.pid());
    let report = report_on(&child);
    report.assert(&[("bad", "orphan")], &[]);
    assert_eq!(report.0["facts"]["parent"]["pid"], adopter.pid().as_raw());
}

#[test]
fn the_init_of_a_pid_namespace_dies_only_of_sigkill() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    for (signal, verdict) in [(Signal::SIGTERM, "lives"), (Signal::SIGKILL, "dies")] {
        let mut parent = harness.actor();
        if !parent.try_new_pid_namespace() {
            return;
        }
        let mut child = parent.spawn();
        assert_eq!(child.own_pid(), Pid::from_raw(1));
        child.arm(signal).unwrap();
        let report = report_on(&child);
        report.assert(&[("note", "init-of-namespace"), ("note", "other-pid-namespace"), ("good", "armed")], &[]);
        report.assert(if verdict == "lives" { &[("bad", "init-without-handler")] } else { &[] }, &[]);
        assert_eq!(report.verdict("parent-killed"), (verdict, signal.as_str()));
        parent.kill();
        match verdict {
            "lives" => child.assert_lives(),
            _ => child.await_dead(),
        }
    }
}

#[test]
fn a_parent_of_another_user_may_not_signal() {
    if !doctor_asks() || !pdeathsig_tests::needs_root() {
        return;
    }
    let harness = harness();
    let (mut parent, mut child) = family(&harness);
    child.set_user(4243);
    child.arm(Signal::SIGKILL).unwrap();
    parent.set_user(4242);
    let report = report_on(&child);
    report.assert(&[("bad", "parent-may-not-signal")], &[]);
    assert_eq!(report.verdict("parent-killed"), ("lives", "SIGKILL"));
    parent.kill();
    child.assert_lives();
}
