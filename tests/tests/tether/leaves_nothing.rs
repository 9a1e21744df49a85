//! What is spawned with a tether inherits nothing that it would not have without one.

use std::fs;

use nix::sys::signal::Signal;
use pdeathsig_tests::Actor;

use crate::{harness, owner_with};

fn descriptors(actor: &Actor<'_>) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{}/fd", actor.pid())).unwrap().map(Result::unwrap);
    let mut open: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    open.sort();
    open
}

#[test]
fn no_descriptor_no_signal_mask_and_no_disposition() {
    let harness = harness();
    let mut owner = owner_with(&harness, Signal::SIGTERM);
    let (plain, tethered) = (owner.spawn(), owner.spawn_tethered());
    assert_eq!(descriptors(&plain), descriptors(&tethered));
    for field in ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd", "Seccomp", "NoNewPrivs", "Threads"] {
        assert_eq!(plain.status(plain.pid(), field), tethered.status(tethered.pid(), field), "{field}");
    }
}

#[test]
fn no_parent_death_signal() {
    let harness = harness();
    let mut owner = owner_with(&harness, Signal::SIGTERM);
    let mut tethered = owner.spawn_tethered();
    assert_eq!(tethered.read(), Ok(None));
    assert_eq!(tethered.parent(), owner.pid());
}

#[test]
fn the_owner_has_one_descriptor_more_and_no_thread() {
    let harness = harness();
    let mut owner = harness.actor();
    let (threads, open) = owner.count();
    owner.tether(Signal::SIGKILL).unwrap();
    assert_eq!(owner.count(), (threads, open + 1));
    let _child = owner.spawn_tethered();
    assert_eq!(owner.count(), (threads, open + 1));
    owner.drop_tether();
    assert_eq!(owner.count(), (threads, open));
}
