//! In a chain of subreapers that dies link by link, each new parent counts. A single one: `arming::reparenting`.

use nix::sys::signal::Signal;
use pdeathsig_tests::{Actor, Harness};

use crate::{harness, Way};

const LINKS: usize = 4;

/// Each the child of the one before; the last of them is the parent.
fn chain(harness: &Harness) -> Vec<Actor<'_>> {
    let mut links = vec![harness.actor()];
    for link in 0..LINKS {
        links[link].become_subreaper();
        let next = links[link].spawn();
        links.push(next);
    }
    links
}

#[test]
fn while_the_parent_lives_nothing_happens_and_when_it_dies_the_child_does() {
    for way in Way::ALL {
        let harness = harness();
        let mut links = chain(&harness);
        let mut parent = links.pop().unwrap();
        let mut child = way.tied(&mut parent, |_| {});
        for link in links {
            link.kill();
            child.assert_lives();
            assert_eq!(child.parent(), parent.pid());
        }
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

#[test]
fn from_the_parent_upwards_the_kernels_signal_comes_at_each_death_and_all_others_once() {
    for way in Way::ALL {
        let harness = harness();
        let mut links = chain(&harness);
        let mut child = way.tied_by(links.last_mut().unwrap(), Signal::SIGTERM, |_| {});
        // `Command::die_with_parent` has a handler set up before exec, which is none, so that this comes after it.
        child.catch(Signal::SIGTERM);
        let mut deaths = 0;
        while let Some(link) = links.pop() {
            link.send(Signal::SIGKILL);
            match links.last_mut() {
                Some(adopter) => drop(adopter.wait_for(&link)),
                None => drop(link.end()),
            }
            deaths += 1;
            child.await_first_caught();
            let caught = child.caught();
            match way {
                Way::Call | Way::Expecting | Way::Command => assert_eq!(caught, deaths, "{way:?}"),
                Way::Tether => assert!((1..=4).contains(&caught)),
                _ => assert_eq!(caught, 1, "{way:?}"),
            }
            if let Some(adopter) = links.last() {
                assert_eq!(child.parent(), adopter.pid());
            }
        }
    }
}

#[test]
fn each_new_parent_can_be_pinned_and_expected() {
    let harness = harness();
    let mut links = chain(&harness);
    let mut child = links.last_mut().unwrap().spawn();
    while let Some(link) = links.pop() {
        assert_eq!(child.pin(), Ok(link.pid().as_raw() as u32));
        child.arm_expecting(Signal::SIGUSR1, link.pid().as_raw()).unwrap();
        child.outlive_parent().unwrap();
        link.send(Signal::SIGKILL);
        match links.last_mut() {
            Some(adopter) => drop(adopter.wait_for(&link)),
            None => drop(link.end()),
        }
        assert_eq!(child.wait_for_pinned(None), Ok(true));
    }
    child.assert_lives();
}
