//! The child arms on one of its worker threads. The kernel keeps the setting for that thread, and forgets it, without a
//! word, when the thread ends; the child outlives its parent. Measured here; no public report is known.
//! Cure: to arm on another thread than the main one is the error `NotMainThread`.

use nix::sys::signal::Signal;

use crate::harness;

#[test]
fn naive_the_setting_is_gone_with_the_thread_and_an_orphan_lives() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let (there, here) = child.set_bare_on_thread(Signal::SIGKILL);
    assert_eq!((there, here), (Some(Signal::SIGKILL as i32), None));
    parent.kill();
    child.assert_lives();
}

#[test]
fn cure_an_error_that_says_so_and_on_the_main_thread_it_holds() {
    let harness = harness();
    let (parent, mut child) = harness.parent_and_child();
    let error = child.arm_on_thread(Signal::SIGKILL).unwrap_err();
    assert!(error.starts_with("must be called on the main thread"), "{error}");
    assert_eq!(child.read(), Ok(None));
    child.arm(Signal::SIGKILL).unwrap();
    parent.kill();
    child.assert_dies_of(Signal::SIGKILL);
}
