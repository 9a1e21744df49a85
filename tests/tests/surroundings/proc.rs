//! No `/proc`, one that hides processes, and a root with nothing in it. What a `shutdown` does then:
//! `tether::shutdown`; a watch of an ordinary user under `hidepid`: `watch::robustness`.

use std::path::Path;

use nix::sys::signal::Signal;
use pdeathsig_tests::{dynamic_loader, needs_root, Actor, Options};

use crate::{each_tie_holds, harness, user, Way, ACTOR};

const HIDING: [Option<&str>; 4] = [None, Some("hidepid=1"), Some("hidepid=2"), Some("hidepid=invisible")];

#[test]
fn every_tie_holds_without_proc_and_where_it_hides_processes() {
    if !needs_root() {
        return;
    }
    for options in HIDING {
        each_tie_holds(|parent| parent.change_proc(options).unwrap(), |_| {});
        each_tie_holds(|_| {}, |child| child.change_proc(options).unwrap());
        // One that does not see other users' processes.
        each_tie_holds(
            |parent| {
                parent.change_proc(options).unwrap();
                parent.drop_privileges(user());
            },
            |_| {},
        );
    }
}

#[test]
fn descendants_are_found_where_proc_shows_them() {
    if !needs_root() {
        return;
    }
    for options in HIDING {
        let harness = harness();
        let mut parent = harness.actor();
        parent.change_proc(options).unwrap();
        parent.drop_privileges(user());
        let mut child = parent.spawn();
        child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
        let mut descendant = child.spawn();
        descendant.new_session();
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        // Processes of its own user are always visible.
        match options {
            Some(_) => descendant.assert_dies_of(Signal::SIGKILL),
            None => descendant.assert_lives(),
        }
    }
}

#[test]
fn the_spawner_is_reported_or_the_error_says_why_not() {
    if !needs_root() {
        return;
    }
    for (options, hidden) in HIDING.into_iter().zip([true, false, false, false]) {
        let harness = harness();
        let mut parent = harness.actor();
        parent.change_proc(options).unwrap();
        let mut child = parent.spawn();
        child.pin().unwrap();
        match child.spawner_thread() {
            Err(error) => assert!(hidden && error.contains("mount /proc"), "{options:?}: {error}"),
            Ok(thread) => assert!(!hidden && thread == Some(parent.pid().as_raw() as u32)),
        }
        // Others' processes are hidden then, the parent among them.
        child.drop_privileges(user());
        child.spawner_thread().unwrap_err();
        parent.kill();
        assert_eq!(child.wait_for_pinned(None), Ok(true));
    }
}

/// Where programs can be executed, and nothing else is: no `/proc`, no `/dev`.
fn enter_an_empty_root(actor: &mut Actor<'_>) {
    let root = actor.harness().folder().join("root");
    let programs = Path::new(ACTOR).parent().unwrap();
    // The C library may be elsewhere than in /lib.
    let loader = dynamic_loader();
    let system = ["/usr", "/lib", "/lib64"].map(Path::new).into_iter().filter(|path| path.exists());
    let libraries = loader.as_deref().and_then(Path::parent).filter(|folder| !folder.starts_with("/usr"));
    let keep: Vec<&Path> = system.chain(libraries).chain([programs, actor.harness().folder()]).collect();
    std::fs::create_dir(&root).unwrap();
    actor.change_root(&root, &keep).unwrap();
}

#[test]
fn every_tie_holds_in_an_empty_root() {
    if !needs_root() {
        return;
    }
    each_tie_holds(enter_an_empty_root, |_| {});
    // With not even programs.
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let root = harness.folder().join("nothing");
        std::fs::create_dir(&root).unwrap();
        let before = |actor: &mut Actor<'_>| actor.change_root(&root, &[]).unwrap();
        let tied = way.tie(&mut parent, Signal::SIGKILL, before);
        match way {
            Way::Command | Way::Tether => {
                let error = tied.error.unwrap();
                assert!(error.contains("No such file or directory"), "{error}");
                assert_eq!(parent.zombies(), []);
            }
            _ => {
                assert_eq!(tied.error, None);
                parent.kill();
                tied.child.unwrap().assert_dies_of(Signal::SIGKILL);
            }
        }
    }
}
