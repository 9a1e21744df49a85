//! Under a launcher, the program and the launcher's own processes get verdicts that come true.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{doctor, needs_root, pdeathsig, set_uid_programs_work, until, Actor, Harness, Spawning};
use serde_json::json;

use crate::report::{doctor_asks, harness, report_of, report_on, Report};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");

/// How to start `program`, which is an actor, with a launcher in between.
fn launched(launcher: PathBuf, arguments: &[&str], program: &str) -> Spawning {
    let arguments = arguments.iter().chain(&[program]).map(|argument| argument.to_string()).collect();
    Spawning { program: Some((launcher, arguments)), ..Spawning::default() }
}

/// An owner, and a program that it started by the command `pdeathsig`.
fn family<'a>(harness: &'a Harness, options: &[&str]) -> (Actor<'a>, Actor<'a>) {
    let mut owner = harness.actor();
    let program = owner.spawn_as(launched(pdeathsig().to_path_buf(), options, ACTOR));
    (owner, program)
}

fn number(value: &serde_json::Value) -> Pid {
    Pid::from_raw(value.as_i64().unwrap() as i32)
}

/// *outer* and *inner* of the nearest launcher.
fn halves(report: &Report) -> [Pid; 2] {
    let launcher = &report.0["facts"]["launchers"][0];
    [number(&launcher["outer"]), number(&launcher["inner"])]
}

fn examined_pid(harness: &Harness, pid: Pid) -> Report {
    report_of(harness, doctor().args(["--json", &pid.to_string()]))
}

/// A descendant in a session of its own, which came to *inner* as an orphan.
fn orphan<'a>(program: &mut Actor<'a>) -> Actor<'a> {
    let mut parent = program.spawn();
    parent.new_session();
    let orphan = parent.spawn();
    parent.send(Signal::SIGKILL);
    program.wait_for(&parent);
    orphan
}

#[test]
fn the_program_dies_with_the_owner() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (owner, program) = family(&harness, &[]);
    let report = report_on(&program);
    report.assert(&[("good", "under-launcher"), ("good", "armed")], &["not-armed", "orphan", "launcher-owner-outside"]);
    let launcher = &report.0["facts"]["launchers"][0];
    assert_eq!((&launcher["role"], number(&launcher["owner"])), (&json!("program"), owner.pid()));
    assert_eq!(report.verdict("parent-killed"), ("dies", "SIGKILL"));
    assert_eq!(report.verdict("owner-killed"), ("dies", "SIGKILL"));
    report_on(&owner).assert(&[("good", "children-tied")], &["children"]);
    owner.kill();
    program.await_dead();
}

#[test]
fn a_launcher_inside_of_a_shell_does_not_notice_the_death_of_what_started_the_shell() {
    let harness = harness();
    let inside = format!("{} {ACTOR}; true", pdeathsig().display());
    let watching = format!("{} --watch-pid $PPID {ACTOR}; true", pdeathsig().display());
    for (script, is_warned_of) in [(inside, true), (watching, false)] {
        let mut editor = harness.actor();
        let mut program = editor.spawn_as(launched("sh".into(), &["-c"], &script));
        let report = report_on(&program);
        report.assert(&[("good", "under-launcher")], if is_warned_of { &[] } else { &["parent-is-wrapper"] });
        if is_warned_of {
            let sentence = report.sentence("parent-is-wrapper");
            assert!(sentence.contains(&format!("actor {} dies", editor.pid())), "{sentence}");
        }
        editor.kill();
        if is_warned_of {
            program.assert_lives();
            kill(number(&report.0["facts"]["launchers"][0]["owner"]), Signal::SIGKILL).unwrap();
        }
        program.await_dead();
    }
}

#[test]
fn a_host_written_in_rust_is_an_owner() {
    let harness = harness();
    let mut starter = harness.actor();
    let options = ["spawn", "--signal", "TERM", "--grace", "3000"];
    let program = starter.spawn_as(launched(env!("CARGO_BIN_EXE_launcher_host").into(), &options, ACTOR));
    let report = report_on(&program);
    report.assert(&[("good", "under-launcher")], &["not-armed"]);
    let launcher = &report.0["facts"]["launchers"][0];
    assert_eq!((&launcher["role"], &launcher["owner_name"]), (&json!("program"), &json!("launcher_host")));
    let options = json!({ "signal": "SIGTERM", "grace": "3 s", "watched": [], "keep_background": false });
    assert_eq!(launcher["options"], options);
    assert!(report.sentence("under-launcher").contains("SIGTERM first, SIGKILL after 3 s"), "{:#}", report.0);
    assert_eq!(report.verdict("owner-killed"), ("dies", ""));
    kill(number(&launcher["owner"]), Signal::SIGKILL).unwrap();
    program.await_dead();
}

#[test]
fn a_program_that_becomes_a_launcher_is_one_of_unknown_options() {
    let harness = harness();
    let mut owner = harness.actor();
    let program = owner.spawn_as(launched(env!("CARGO_BIN_EXE_run_launcher").into(), &[], ACTOR));
    let report = report_on(&program);
    report.assert(&[("good", "under-launcher")], &["not-armed"]);
    assert!(report.0["facts"]["launchers"][0]["options"]["unknown"].is_string(), "{:#}", report.0);
    assert_eq!(report.verdict("owner-killed"), ("dies", ""));
    owner.kill();
    program.await_dead();
}

#[test]
fn a_descendant_in_another_session_dies_with_the_owner() {
    let harness = harness();
    let (owner, mut program) = family(&harness, &[]);
    let mut child = program.spawn();
    child.new_session();
    let report = report_on(&child);
    report.assert(&[("good", "under-launcher")], &["not-armed", "orphan", "adopted-by-launcher"]);
    assert_eq!(report.0["facts"]["launchers"][0]["role"], "descendant");
    // Its parent is the program.
    assert_eq!((report.verdict("parent-killed"), report.verdict("owner-killed")), (("dies", ""), ("dies", "SIGKILL")));
    owner.kill();
    child.await_dead();
}

#[test]
fn an_orphan_that_the_launcher_adopted_dies_with_the_owner() {
    let harness = harness();
    let (owner, mut program) = family(&harness, &[]);
    let mut orphan = orphan(&mut program);
    let report = report_on(&orphan);
    report.assert(&[("good", "under-launcher"), ("note", "adopted-by-launcher")], &["not-armed", "orphan"]);
    assert_eq!(number(&report.0["facts"]["launchers"][0]["inner"]), orphan.parent());
    assert_eq!(report.verdict("owner-killed"), ("dies", "SIGKILL"));
    owner.kill();
    orphan.await_dead();
}

#[test]
fn what_the_program_leaves_dies_after_it() {
    let harness = harness();
    let (mut owner, mut program) = family(&harness, &[]);
    let orphan = orphan(&mut program);
    assert_eq!(report_on(&orphan).verdict("program-exits"), ("dies", ""));
    program.send(Signal::SIGKILL);
    orphan.await_dead();
    owner.assert_lives();
}

#[test]
fn what_the_program_leaves_lives_if_it_is_kept() {
    let harness = harness();
    let (_owner, mut program) = family(&harness, &["--keep-background"]);
    let mut orphan = orphan(&mut program);
    let report = report_on(&orphan);
    assert_eq!(report.verdict("program-exits"), ("lives", ""));
    assert_eq!(report.verdict("owner-killed"), ("dies", "SIGKILL"));
    program.send(Signal::SIGKILL);
    let [outer, inner] = halves(&report);
    until("the end of the launcher", || (!is_alive(outer) && !is_alive(inner)).then_some(()));
    orphan.assert_lives();
}

fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn a_descendant_lives_when_its_own_parent_dies_and_stays_in_the_tree() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let (owner, mut program) = family(&harness, &[]);
    let mut middle = program.spawn();
    let mut child = middle.spawn();
    assert_eq!(report_on(&child).verdict("parent-killed"), ("lives", ""));
    middle.send(Signal::SIGKILL);
    program.wait_for(&middle);
    child.assert_lives();
    report_on(&child).assert(&[("good", "under-launcher"), ("note", "adopted-by-launcher")], &[]);
    owner.kill();
    child.await_dead();
}

#[test]
fn the_death_of_either_half_ends_the_tree() {
    for which in 0..2 {
        let harness = harness();
        let (mut owner, mut program) = family(&harness, &[]);
        let orphan = orphan(&mut program);
        let report = report_on(&orphan);
        let both = halves(&report);
        // The death of *inner* is that of its parent.
        assert_eq!(
            (report.verdict("launcher-killed"), report.verdict("parent-killed")),
            (("dies", "SIGKILL"), ("dies", "SIGKILL"))
        );
        kill(both[which], Signal::SIGKILL).unwrap();
        orphan.await_dead();
        program.await_dead();
        owner.assert_lives();
    }
}

#[test]
fn the_halves_end_with_the_owner() {
    let harness = harness();
    let (owner, program) = family(&harness, &[]);
    let [outer, inner] = halves(&report_on(&program));
    let others = ["not-armed", "armed", "signal-harmless", "orphan", "children", "armed-unknown", "adopter"];
    let report = examined_pid(&harness, outer);
    report.assert(&[("good", "launcher-outer")], &others);
    assert_eq!(report.0["facts"]["launchers"][0]["role"], "outer");
    assert_eq!((report.verdict("parent-killed"), report.verdict("launcher-killed")), (("dies", ""), ("dies", "")));
    let report = examined_pid(&harness, inner);
    report.assert(&[("good", "launcher-inner")], &others);
    assert_eq!((report.verdict("owner-killed"), report.verdict("parent-killed")), (("dies", ""), ("dies", "")));
    assert_eq!(number(&report.0["facts"]["launchers"][0]["owner"]), owner.pid());
    // The questions did not disturb it.
    owner.kill();
    program.await_dead();
    until("the end of the launcher", || (!is_alive(outer) && !is_alive(inner)).then_some(()));
}

#[test]
fn the_report_names_the_chosen_signal() {
    let harness = harness();
    let (owner, mut program) = family(&harness, &["-s", "TERM", "-k", "30s"]);
    program.catch(Signal::SIGTERM);
    let report = report_on(&program);
    let sentence = report.sentence("under-launcher");
    assert!(sentence.contains("SIGTERM first, SIGKILL after 30s"), "{sentence}");
    assert_eq!(report.verdict("owner-killed"), ("dies", ""));
    owner.kill();
    program.await_caught(1);
    program.send(Signal::SIGKILL);
    program.await_dead();
}

#[test]
fn a_process_of_watch_pid_is_an_owner_too() {
    let harness = harness();
    let watched = harness.actor();
    let (mut owner, program) = family(&harness, &["--watch-pid", &watched.pid().to_string()]);
    let report = report_on(&program);
    let sentence = report.sentence("under-launcher");
    assert!(sentence.contains(&format!(" or process {} dies", watched.pid())), "{sentence}");
    watched.kill();
    program.await_dead();
    owner.assert_lives();
}

#[test]
fn launchers_are_nested() {
    let harness = harness();
    let mut owner = harness.actor();
    let pdeathsig = pdeathsig();
    let program = owner.spawn_as(launched(pdeathsig.to_path_buf(), &[pdeathsig.to_str().unwrap()], ACTOR));
    let report = report_on(&program);
    let roles: Vec<_> =
        report.0["facts"]["launchers"].as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["program", "descendant"]);
    let last = &report.0["facts"]["launchers"][1];
    assert_eq!(number(&last["owner"]), owner.pid());
    owner.kill();
    program.await_dead();
}

#[test]
fn a_child_from_before_the_launcher_belongs_to_no_tree() {
    if !doctor_asks() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    let script = format!("{ACTOR} & exec {} {ACTOR}", pdeathsig().display());
    owner
        .try_spawn(Spawning { program: Some(("/bin/sh".into(), vec!["-c".into(), script])), ..Spawning::default() })
        .unwrap();
    let (mut tied, mut free) = (Vec::new(), Vec::new());
    for actor in [harness.accept(), harness.accept()] {
        let report = report_on(&actor);
        let is_tied = report.0["facts"]["launchers"] != json!([]);
        report.assert(&[if is_tied { ("good", "under-launcher") } else { ("bad", "not-armed") }], &[]);
        if is_tied { &mut tied } else { &mut free }.push(actor);
    }
    assert_eq!((tied.len(), free.len()), (1, 1));
    owner.kill();
    tied[0].await_dead();
    free[0].assert_lives();
}

#[test]
fn a_program_that_became_another_user_lives() {
    if !doctor_asks() || !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let mut owner = harness.actor();
    let program = harness.copy_of_program();
    fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
    // Where another user can execute it.
    let launcher = harness.folder().join("pdeathsig");
    fs::copy(pdeathsig(), &launcher).unwrap();
    let spawning = Spawning { user: Some(4242), ..launched(launcher, &[], program.to_str().unwrap()) };
    let mut program = owner.spawn_as(spawning);
    report_on(&program).assert(&[("good", "under-launcher")], &[]);
    program.set_user(0);
    let report = report_on(&program);
    report.assert(&[("bad", "launcher-may-not-signal"), ("bad", "not-armed")], &["under-launcher"]);
    assert_eq!(report.verdict("owner-killed"), ("lives", ""));
    let [outer, inner] = halves(&report);
    owner.kill();
    until("the end of the launcher", || (!is_alive(outer) && !is_alive(inner)).then_some(()));
    program.assert_lives();
}

#[test]
fn the_doctor_examines_itself_under_a_launcher() {
    let harness = harness();
    let mut command = std::process::Command::new(pdeathsig());
    let report = report_of(&harness, command.arg(doctor().get_program()).arg("--json"));
    report.assert(&[("good", "under-launcher"), ("good", "armed")], &["not-armed"]);
    assert_eq!(report.0["facts"]["myself"], true);
    assert_eq!(number(&report.0["facts"]["launchers"][0]["owner"]), Pid::this());
}
