//! `attach` and `contains`: groups that children have made themselves, in this session or another.

use std::fs;
use std::io::ErrorKind;
use std::process::{self, Command};

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig::Tether;
use pdeathsig_tests::{in_this_order, needs_kernel, needs_root, Actor, Answer, Refused, Spawning};

use crate::{harness, owner, ACTOR};

/// How a child comes to lead a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leads {
    /// `process_group(0)`
    Group,
    /// `setsid`
    Session,
}

const WAYS: [Leads; 2] = [Leads::Group, Leads::Session];

/// The kernel that can signal a group in another session by its leader.
const SIGNALS_GROUPS: (u32, u32) = (6, 9);

fn leader<'a>(owner: &mut Actor<'a>, way: Leads) -> Actor<'a> {
    let group = (way == Leads::Group).then_some(0);
    let mut child = owner.spawn_as(Spawning { group, ..Spawning::default() });
    if way == Leads::Session {
        child.new_session();
    }
    assert_eq!(child.group(), child.pid());
    child
}

/// A child that is attached, and a child of that.
fn attached<'a>(owner: &mut Actor<'a>, way: Leads) -> [Actor<'a>; 2] {
    let mut child = leader(owner, way);
    let grandchild = child.spawn();
    owner.attach(child.pid()).unwrap();
    [child, grandchild]
}

fn die(members: &[Actor<'_>]) {
    for member in members {
        member.await_dead();
    }
}

#[test]
fn they_die_when_the_owner_is_killed() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        owner.kill();
        for member in members {
            member.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn they_die_when_the_tether_is_dropped() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        owner.drop_tether();
        die(&members);
        owner.assert_lives();
    }
}

#[test]
fn they_die_when_the_tether_is_dropped_though_a_fork_of_the_owner_has_copies() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        let _fork = owner.fork();
        owner.drop_tether();
        die(&members);
    }
}

#[test]
fn they_are_shut_down() {
    for way in WAYS {
        if way == Leads::Session && !needs_kernel(SIGNALS_GROUPS) {
            continue;
        }
        let harness = harness();
        let mut owner = owner(&harness);
        let mut members = attached(&mut owner, way);
        members[1].ignore(Signal::SIGTERM);
        assert_eq!(owner.shut_down(Signal::SIGTERM, std::time::Duration::from_millis(200)), Ok(false));
        die(&members);
        let members = attached(&mut owner, way);
        assert_eq!(owner.shut_down(Signal::SIGTERM, std::time::Duration::MAX), Ok(true));
        die(&members);
    }
}

#[test]
fn they_live_when_the_tether_is_released() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        owner.release_tether().unwrap();
        owner.kill();
        for mut member in members {
            member.assert_lives();
        }
    }
}

#[test]
fn a_signal_reaches_them_also_when_the_leader_is_gone() {
    for way in WAYS {
        if way == Leads::Session && !needs_kernel(SIGNALS_GROUPS) {
            continue;
        }
        let harness = harness();
        let mut owner = owner(&harness);
        let [child, mut grandchild] = attached(&mut owner, way);
        child.send(Signal::SIGKILL);
        owner.wait_for(&child);
        grandchild.catch(Signal::SIGUSR1);
        owner.signal_tethered(Signal::SIGUSR1).unwrap();
        grandchild.await_caught(1);
        owner.kill();
        grandchild.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn a_leader_that_exited_and_was_not_waited_for_can_be_attached() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let mut child = leader(&mut owner, way);
        let grandchild = child.spawn();
        child.send(Signal::SIGKILL);
        child.await_dead();
        owner.attach(child.pid()).unwrap();
        owner.kill();
        grandchild.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn the_child_still_leads_its_group() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        kill(Pid::from_raw(-members[0].pid().as_raw()), Signal::SIGKILL).unwrap();
        die(&members);
    }
}

#[test]
fn attached_again_nothing_changes() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let members = attached(&mut owner, way);
        let open = owner.count();
        owner.attach(members[0].pid()).unwrap();
        assert_eq!(owner.count(), open);
        owner.kill();
        for member in members {
            member.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn a_command_does_not_join_their_group() {
    let harness = harness();
    let mut owner = owner(&harness);
    let [child, _grandchild] = attached(&mut owner, Leads::Group);
    for _ in 0..3 {
        assert_ne!(owner.spawn_tethered().group(), child.group());
    }
}

#[test]
fn contains_is_true_for_members_alone() {
    let harness = harness();
    let mut owner = owner(&harness);
    let tethered = owner.spawn_tethered();
    let mut plain = owner.spawn();
    for way in WAYS {
        let mut child = leader(&mut owner, way);
        let grandchild = child.spawn();
        assert!(!owner.tether_contains(child.pid()) && !owner.tether_contains(grandchild.pid()));
        owner.attach(child.pid()).unwrap();
        assert!(owner.tether_contains(child.pid()) && owner.tether_contains(grandchild.pid()));
    }
    assert!(owner.tether_contains(tethered.pid()));
    let anchor = tethered.group();
    for other in [plain.pid(), owner.pid(), Pid::this(), anchor, Pid::from_raw(0), Pid::from_raw(1), Pid::from_raw(-1)]
    {
        assert!(!owner.tether_contains(other), "{other}");
    }
    // A zombie is in its group until it is reaped.
    tethered.send(Signal::SIGKILL);
    tethered.await_dead();
    assert!(owner.tether_contains(tethered.pid()));
    owner.wait_for(&tethered);
    assert!(!owner.tether_contains(tethered.pid()));
    plain.assert_lives();
}

#[test]
fn a_process_that_leaves_the_group_is_not_contained() {
    let harness = harness();
    let mut owner = owner(&harness);
    let [_child, mut grandchild] = attached(&mut owner, Leads::Group);
    grandchild.new_session();
    assert!(!owner.tether_contains(grandchild.pid()));
}

fn refusal(owner: &mut Actor<'_>, leader: Pid) -> String {
    let open = owner.count();
    let zombies = owner.zombies().len();
    let error = owner.attach(leader).unwrap_err();
    // Nothing is left of it.
    assert_eq!((owner.count(), owner.zombies().len()), (open, zombies));
    error
}

#[test]
fn what_cannot_be_attached_is_an_error_that_names_the_reason_and_the_remedy() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut unrelated = harness.actor();
    let mut follower = owner.spawn();
    let mut grandchild = follower.spawn();
    grandchild.lead_process_group();
    let gone = leader(&mut owner, Leads::Group);
    gone.send(Signal::SIGKILL);
    owner.wait_for(&gone);
    unrelated.lead_process_group();

    for number in [0, 1, -7, owner.pid().as_raw()] {
        let error = refusal(&mut owner, Pid::from_raw(number));
        in_this_order(&error, &["cannot be attached", "pass the child's id"]);
    }
    let error = refusal(&mut owner, follower.pid());
    in_this_order(&error, &[&follower.pid().to_string(), "does not lead a process group", "`process_group(0)`"]);
    for other in [unrelated.pid(), grandchild.pid()] {
        let error = refusal(&mut owner, other);
        in_this_order(&error, &[&other.to_string(), "is not a child of this process"]);
    }
    let error = refusal(&mut owner, gone.pid());
    in_this_order(&error, &[&gone.pid().to_string(), "was waited for", "before you wait for it"]);

    owner.drop_tether();
    for actor in [&mut unrelated, &mut follower, &mut grandchild, &mut owner] {
        actor.assert_lives();
    }
}

// Reaped by the harness.
#[allow(clippy::zombie_processes)]
#[test]
fn its_kind_is_invalid_input() {
    let harness = harness();
    let tether = Tether::new(pdeathsig::Signal::KILL).unwrap();
    let child = harness.start(&mut Command::new(ACTOR));
    let mut actor = harness.accept();
    let grandchild = actor.spawn();
    for number in [0, 1, process::id(), u32::MAX, child.id(), grandchild.pid().as_raw() as u32] {
        let error = tether.attach(number).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{number}: {error}");
    }
    drop(tether);
    actor.assert_lives();
}

#[test]
fn groups_of_children_that_are_gone_are_given_up() {
    let harness = harness();
    let mut owner = owner(&harness);
    let (_, open) = owner.count();
    for way in [Leads::Group, Leads::Session].repeat(20) {
        let [child, grandchild] = attached(&mut owner, way);
        grandchild.send(Signal::SIGKILL);
        child.send(Signal::SIGKILL);
        owner.wait_for(&child);
        harness.reap(grandchild.pid());
    }
    // But for the last one. In a session, there is a descriptor for the leader too.
    assert!(owner.count().1 <= open + 2, "{} of {open}", owner.count().1);
    assert!(owner.zombies().len() <= 2, "{:?}", owner.zombies());
}

#[test]
fn a_group_that_only_a_descendant_is_left_in_is_kept() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        let [child, mut grandchild] = attached(&mut owner, way);
        child.send(Signal::SIGKILL);
        owner.wait_for(&child);
        // It looks which groups are empty.
        let others = attached(&mut owner, way);
        grandchild.assert_lives();
        assert!(owner.tether_contains(grandchild.pid()));
        owner.kill();
        grandchild.assert_dies_of(Signal::SIGKILL);
        for member in others {
            member.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn an_unrelated_group_that_reuses_the_number_is_left_alone() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let mut owner = owner(&harness);
    let child = leader(&mut owner, Leads::Session);
    owner.attach(child.pid()).unwrap();
    child.send(Signal::SIGKILL);
    owner.wait_for(&child);
    // Nothing is left of the group, so that the number is free.
    let mut unrelated = owner.fork_with_number(child.pid());
    unrelated.lead_process_group();
    assert_eq!((unrelated.pid(), unrelated.group()), (child.pid(), child.pid()));
    unrelated.catch(Signal::SIGUSR1);
    owner.signal_tethered(Signal::SIGUSR1).unwrap();
    assert!(!owner.tether_contains(unrelated.pid()));
    assert_eq!(unrelated.caught(), 0);
    owner.drop_tether();
    assert_eq!(unrelated.caught(), 0);
    unrelated.assert_lives();
}

/// As on a kernel before Linux 6.9, which refuses the flag.
#[test]
fn where_a_group_in_another_session_cannot_be_signalled_by_its_leader_only_the_end_of_the_tether_does() {
    for (way, with_a_fork) in [
        ("the owner is killed", false),
        ("the tether is dropped", false),
        ("the tether is dropped", true),
        ("the tether is shut down", false),
        ("the tether is shut down", true),
    ] {
        let harness = harness();
        let mut owner = owner(&harness);
        owner.refuse(Refused::PidfdSignal.by(Answer::NotThere));
        let mut members = attached(&mut owner, Leads::Session);
        members[0].catch(Signal::SIGUSR1);
        let error = owner.signal_tethered(Signal::SIGUSR1).unwrap_err();
        assert!(error.contains("another session") && error.contains("6.9"), "{error}");
        assert_eq!(members[0].caught(), 0);
        // It has copies of all descriptors.
        let _fork = with_a_fork.then(|| owner.fork());
        match way {
            "the owner is killed" => owner.kill(),
            "the tether is dropped" => owner.drop_tether(),
            _ => {
                let error = owner.shut_down(Signal::SIGTERM, std::time::Duration::ZERO).unwrap_err();
                assert!(error.contains("6.9"), "{error}");
            }
        }
        die(&members);
    }
}

#[test]
fn where_it_cannot_be_pinned_it_is_attached_all_the_same() {
    for way in WAYS {
        let harness = harness();
        let mut owner = owner(&harness);
        owner.refuse(Refused::Pidfd.by(Answer::NotThere));
        let members = attached(&mut owner, way);
        owner.kill();
        for member in members {
            member.assert_dies_of(Signal::SIGKILL);
        }
    }
}

#[test]
fn the_anchor_in_its_group_is_a_child_of_the_owner() {
    let harness = harness();
    let mut owner = owner(&harness);
    let own = owner.zombies();
    let [child, _grandchild] = attached(&mut owner, Leads::Group);
    let new: Vec<Pid> = owner.zombies().into_iter().filter(|zombie| !own.contains(zombie)).collect();
    let [anchor] = new[..] else { panic!("{new:?}") };
    let stat = fs::read_to_string(format!("/proc/{anchor}/stat")).unwrap();
    let group = format!(" {} ", child.group());
    assert!(stat.contains("(tether) Z") && stat.contains(&group), "{stat}");
}
