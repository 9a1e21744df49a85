//! A tie holds when the standard descriptors are closed. All descriptors: `tether::members`, `watch::robustness`.

use nix::sys::signal::Signal;
use pdeathsig_tests::Actor;

use crate::{each_tie_holds, harness, Way};

#[test]
fn in_the_parent_or_in_the_child() {
    fn close(actor: &mut Actor<'_>) {
        actor.close_standard_descriptors();
    }
    each_tie_holds(close, |_| {});
    each_tie_holds(|_| {}, close);
    for way in Way::ALL {
        let harness = harness();
        let mut parent = harness.actor();
        let child = way.tied(&mut parent, close);
        parent.kill();
        child.assert_dies_of(Signal::SIGKILL);
    }
}

/// Or whatever is printed would cut it, and whatever is read take it apart.
#[test]
fn a_tether_does_not_take_their_place() {
    let harness = harness();
    let mut owner = harness.actor();
    owner.close_standard_descriptors();
    owner.tether(Signal::SIGKILL).unwrap();
    let mut child = owner.spawn_tethered();
    assert!(owner.has_no_use_of_standard_descriptors());
    child.assert_lives();
    owner.kill();
    child.assert_dies_of(Signal::SIGKILL);
}

#[test]
fn a_parent_that_is_pinned_in_their_place_minds_neither_reads_nor_writes() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    child.close_standard_descriptors();
    child.pin().unwrap();
    assert!(child.has_no_use_of_standard_descriptors());
    parent.kill();
    assert_eq!(child.wait_for_pinned(None), Ok(true));
}
