//! `descendants`: the signal reaches all of them, wherever they have moved, and no other process.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Answer, Harness, Options, Refused};

use crate::harness;

const MANY_CHILDREN: &str = env!("CARGO_BIN_EXE_many_children");
const STORM: &str = env!("CARGO_BIN_EXE_storm");
const DESCENDANTS: Options = Options::DESCENDANTS;

/// A parent, its child, and descendants of that: a child, one in a session of its own, and a child of that.
fn family(harness: &Harness) -> (Actor<'_>, Actor<'_>, [Actor<'_>; 3]) {
    let (parent, mut child) = harness.parent_and_child();
    let first = child.spawn();
    let mut second = child.spawn_on_thread();
    second.new_session();
    let third = second.spawn();
    (parent, child, [first, second, third])
}

#[test]
fn descendants_die_in_sessions_of_their_own_too() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let (parent, mut child, descendants) = family(&harness);
        child.arm_with(signal, DESCENDANTS).unwrap();
        parent.kill();
        child.assert_dies_of(signal);
        for descendant in descendants {
            descendant.assert_dies_of(signal);
        }
    }
}

#[test]
fn no_other_process_dies() {
    let harness = harness();
    let mut other = harness.actor();
    let mut parent = harness.actor();
    let mut sibling = parent.spawn();
    let mut child = parent.spawn();
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    sibling.assert_lives();
    other.assert_lives();
}

#[test]
fn without_the_option_descendants_live() {
    let harness = harness();
    let (parent, mut child, descendants) = family(&harness);
    child.watch(Signal::SIGKILL);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    for mut descendant in descendants {
        descendant.assert_lives();
    }
}

#[test]
fn a_descendant_that_double_forked_before_is_out_of_reach() {
    let harness = harness();
    let (parent, mut child, [_first, second, mut third]) = family(&harness);
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    second.send(Signal::SIGKILL);
    child.wait_for(&second);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    third.assert_lives();
}

#[test]
fn stopped_descendants_die_and_a_terminating_one_continues_to_exit() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let harness = harness();
        let (parent, mut child, descendants) = family(&harness);
        descendants[2].send(Signal::SIGSTOP);
        descendants[2].await_stopped();
        child.arm_with(signal, DESCENDANTS).unwrap();
        parent.kill();
        child.assert_dies_of(signal);
        for descendant in descendants {
            descendant.assert_dies_of(signal);
        }
    }
}

#[test]
fn each_descendant_gets_the_signal_once() {
    let harness = harness();
    let (parent, mut child, mut descendants) = family(&harness);
    child.catch(Signal::SIGTERM);
    for descendant in &mut descendants {
        descendant.catch(Signal::SIGTERM);
    }
    child.arm_with(Signal::SIGTERM, DESCENDANTS).unwrap();
    parent.kill();
    child.await_caught(1);
    child.await_no_watcher();
    for descendant in &mut descendants {
        assert_eq!(descendant.caught(), 1);
    }
}

#[test]
fn descendants_left_after_the_grace_are_killed() {
    let harness = harness();
    let (parent, mut child, mut descendants) = family(&harness);
    child.catch(Signal::SIGTERM);
    for descendant in &mut descendants {
        descendant.ignore(Signal::SIGTERM);
    }
    child.arm_with(Signal::SIGTERM, DESCENDANTS.with_a_short_grace()).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    for descendant in descendants {
        descendant.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn a_descendant_orphaned_within_the_grace_is_killed_too() {
    let harness = harness();
    let (parent, mut child, [_first, second, mut third]) = family(&harness);
    child.catch(Signal::SIGTERM);
    third.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, Options { grace: Some(std::time::Duration::from_secs(2)), ..DESCENDANTS }).unwrap();
    parent.kill();
    third.await_caught(1);
    child.wait_for(&second);
    // Adopted, and killed when the grace is over.
    assert_eq!(third.parent(), child.pid());
    child.assert_dies_of(Signal::SIGKILL);
    third.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn the_child_is_no_subreaper_before_and_none_after() {
    let harness = harness();
    let (parent, mut child, _descendants) = family(&harness);
    child.catch(Signal::SIGTERM);
    child.arm_with(Signal::SIGTERM, DESCENDANTS).unwrap();
    assert!(!child.is_subreaper());
    parent.kill();
    child.await_caught(1);
    child.await_no_watcher();
    assert!(!child.is_subreaper());
}

#[test]
fn two_thousand_descendants_die() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.start(MANY_CHILDREN, &["2000"]);
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    assert_eq!(harness.killed_orphans(), 2001);
    harness.assert_no_process_is_left();
}

#[test]
fn descendants_that_fork_without_end_die() {
    for pressure in ["200", "2000"] {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
        child.start(STORM, &["tree", pressure]);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        harness.killed_orphans();
        harness.assert_no_process_is_left();
    }
}

#[test]
fn descendants_that_double_fork_without_end_die() {
    for _ in 0..5 {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        // Or they would have left before.
        child.become_subreaper();
        child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
        child.start(STORM, &["hop", "16"]);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        harness.killed_orphans();
        harness.assert_no_process_is_left();
    }
}

#[test]
fn what_the_child_starts_while_it_dies_dies_too() {
    for _ in 0..20 {
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.start(MANY_CHILDREN, &["20"]);
        child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
        // As a supervisor does, which restarts each process that is killed.
        child.supervise();
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
        harness.killed_orphans();
        harness.assert_no_process_is_left();
    }
}

#[test]
fn no_process_survives_a_descendant_that_keeps_starting_others() {
    let with_group = Options { process_group: true, ..DESCENDANTS };
    for options in [DESCENDANTS, with_group, DESCENDANTS.with_a_short_grace(), with_group.with_a_short_grace()] {
        println!("{options:?}");
        let harness = harness();
        let (parent, mut child) = harness.parent_and_child();
        child.arm_with(Signal::SIGTERM, options).unwrap();
        child.supervise();
        parent.kill();
        child.end();
        harness.killed_orphans();
        harness.assert_no_process_is_left();
    }
}

#[test]
fn a_descendant_that_cannot_be_stopped_is_killed_all_the_same() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    // It waits in vfork(2), where SIGSTOP does not reach it.
    child.start(STORM, &["vfork", "1"]);
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    assert_eq!(harness.killed_orphans(), 3);
    harness.assert_no_process_is_left();
}

#[test]
fn without_pidfds_descendants_are_stopped_verified_and_killed() {
    let harness = harness();
    let (parent, mut child, descendants) = family(&harness);
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    child.refuse_everywhere(Refused::Pidfd.by(Answer::NotThere));
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    for descendant in descendants {
        descendant.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn descendants_die_where_no_helper_process_can_be_made() {
    let harness = harness();
    let (parent, mut child, descendants) = family(&harness);
    child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
    child.refuse_everywhere(Refused::Fork);
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
    for descendant in descendants {
        descendant.assert_dies_of(Signal::SIGKILL);
    }
}

/// It is killed before its watch can act. Without the tether, the descendant dies too.
#[test]
fn in_a_tether_a_descendant_that_left_the_group_is_out_of_reach() {
    for tethered in [false, true] {
        let harness = harness();
        let mut parent = harness.actor();
        let mut child = if tethered {
            parent.tether(Signal::SIGKILL).unwrap();
            parent.spawn_tethered()
        } else {
            parent.spawn()
        };
        child.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
        let mut descendant = child.spawn();
        descendant.new_session();
        parent.kill();
        child.await_dead();
        if tethered {
            descendant.assert_lives();
        } else {
            descendant.assert_dies_of(Signal::SIGKILL);
        }
    }
}

/// A server that exits at the end of its input. Held is its watch, so that the server exits first, as it usually does.
#[test]
fn a_server_that_exits_by_itself_leaves_its_descendants_and_a_tether_of_its_own_takes_them_along() {
    for tethers in [false, true] {
        let harness = harness();
        let mut parent = harness.actor();
        let mut server = parent.spawn_as(pdeathsig_tests::Spawning { piped: true, ..Default::default() });
        server.end_with_input();
        let mut held = None;
        let mut helper = if tethers {
            server.arm(Signal::SIGKILL).unwrap();
            server.tether(Signal::SIGKILL).unwrap();
            server.spawn_tethered()
        } else {
            server.arm_with(Signal::SIGKILL, DESCENDANTS).unwrap();
            held = Some(pdeathsig_tests::Tracee::seize_thread(server.watcher().unwrap()));
            server.spawn()
        };
        parent.kill();
        if let Some(held) = held {
            held.await_gone();
        }
        server.await_dead();
        if tethers {
            helper.await_dead();
        } else {
            helper.assert_lives();
        }
    }
}
