//! What a tether does not reach lives on, as its documentation says.

use std::fs;
use std::path::Path;

use nix::sys::signal::{kill, Signal};
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{needs_root, skipped, until, Actor, Harness, Options, Spawning};

use crate::{harness, owner};

const MAPPED: u32 = 100_000;

/// A member that is the first process of a pid namespace, and a child of it.
fn first_of_a_namespace<'a>(owner: &mut Actor<'a>) -> Option<[Actor<'a>; 3]> {
    let mut member = owner.spawn_tethered();
    if !member.try_new_pid_namespace() {
        return None;
    }
    let mut first = member.spawn();
    assert_eq!((first.own_pid(), first.group()), (Pid::from_raw(1), member.group()));
    let second = first.spawn();
    Some([member, first, second])
}

#[test]
fn the_first_process_of_a_pid_namespace_survives_the_owner() {
    let harness = harness();
    let mut owner = owner(&harness);
    let Some([member, mut first, second]) = first_of_a_namespace(&mut owner) else { return };
    owner.kill();
    member.assert_dies_of(Signal::SIGKILL);
    // The signal goes through the whole group, so its other members in there die of it.
    second.await_dead();
    first.assert_lives();
}

#[test]
fn the_first_process_of_a_pid_namespace_does_not_survive_a_drop() {
    let harness = harness();
    let mut owner = owner(&harness);
    let Some(members) = first_of_a_namespace(&mut owner) else { return };
    owner.drop_tether();
    for member in members {
        member.await_dead();
    }
}

/// The root of a user namespace, with a tether, and members: one of its own user, and one of another.
fn root_of_a_user_namespace<'a>(harness: &'a Harness) -> Option<(Actor<'a>, [Actor<'a>; 2])> {
    if !needs_root() {
        return None;
    }
    let mut owner = harness.actor();
    if let Err(error) = owner.unshare_users() {
        skipped(&format!("no user namespace: {error}"));
        return None;
    }
    for map in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{}/{map}", owner.pid()), format!("0 {MAPPED} 65536")).unwrap();
    }
    owner.drop_privileges(0);
    owner.tether(Signal::SIGKILL).unwrap();
    let own = owner.spawn_tethered();
    let other = owner.spawn_as(Spawning { user: Some(1000), ..Spawning::tethered() });
    Some((owner, [own, other]))
}

#[test]
fn another_users_member_survives_an_owner_that_is_root_of_a_user_namespace() {
    let harness = harness();
    let Some((owner, [own, mut other])) = root_of_a_user_namespace(&harness) else { return };
    owner.kill();
    own.assert_dies_of(Signal::SIGKILL);
    other.assert_lives();
}

#[test]
fn another_users_member_does_not_survive_a_drop_by_the_root_of_a_user_namespace() {
    let harness = harness();
    let Some((mut owner, members)) = root_of_a_user_namespace(&harness) else { return };
    owner.drop_tether();
    for member in members {
        member.await_dead();
    }
}

fn children_of(process: Pid) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children.split_whitespace().map(|child| Pid::from_raw(child.parse().unwrap())).collect()
}

/// `su -c` and `runuser -c` put the command into a session of its own.
#[test]
fn what_su_and_runuser_start_by_c_survives() {
    if !needs_root() {
        return;
    }
    for program in ["su", "runuser"] {
        let path = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(program));
        let Some(path) = path.into_iter().find(|path| path.exists()) else {
            skipped(&format!("no {program} on this machine"));
            continue;
        };
        let harness = harness();
        let mut owner = owner(&harness);
        let arguments = ["-s", "/bin/sh", "-c", "exec sleep 60", "nobody"].map(String::from).to_vec();
        let member = owner.try_spawn(Spawning { program: Some((path, arguments)), ..Spawning::tethered() }).unwrap();
        let left = |command: &Pid| getpgid(Some(*command)).is_ok_and(|group| Ok(group) != getpgid(Some(member)));
        let mut command = None;
        until("the command, or the end of what starts it", || {
            command = children_of(member).into_iter().find(left);
            let is_gone = fs::read_to_string(format!("/proc/{member}/stat")).map_or(true, |stat| stat.contains(") Z "));
            (command.is_some() || is_gone).then_some(())
        });
        let Some(command) = command else {
            skipped(&format!("{program} does not start a command here"));
            continue;
        };
        owner.kill();
        assert_eq!(harness.end_of(member), Signal::SIGKILL as i32, "{program}");
        assert!(kill(command, None).is_ok() && harness.end_if_ended(command).is_none(), "{program}");
    }
}

/// As a member it gets SIGKILL before it can kill what has left its group.
#[test]
fn what_a_child_with_descendants_would_have_killed_survives_if_the_child_is_a_member() {
    for tethered in [false, true] {
        let harness = harness();
        let mut owner = owner(&harness);
        let mut child = owner.spawn_as(Spawning { tethered, ..Spawning::default() });
        let mut daemon = child.spawn();
        daemon.new_session();
        child.arm_with(Signal::SIGKILL, Options::DESCENDANTS).unwrap();
        owner.kill();
        child.assert_dies_of(Signal::SIGKILL);
        if tethered {
            daemon.assert_lives();
        } else {
            daemon.assert_dies_of(Signal::SIGKILL);
        }
    }
}
