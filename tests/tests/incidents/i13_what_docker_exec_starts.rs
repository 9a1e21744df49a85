//! A process that `docker exec` or `kubectl exec` starts is killed within milliseconds. Its kernel parent is the
//! runtime's helper, which exits right after the start: containers/bubblewrap#692 is the same situation.
//! Cure: arming is an error there, and nothing is armed (`arming::parent_not_visible`).

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use pdeathsig_tests::{Actor, Harness};

use crate::harness;
use crate::parent_of_a_namespace;

/// The runtime's helper, outside; the container's first process; and what the helper puts into the container.
fn container<'a>(harness: &'a Harness) -> Option<(Actor<'a>, Actor<'a>, Actor<'a>)> {
    let mut helper = parent_of_a_namespace(harness)?;
    let first = helper.spawn();
    let mut program = helper.spawn();
    assert_eq!((program.own_pid(), program.parent()), (Pid::from_raw(2), Pid::from_raw(0)));
    Some((helper, first, program))
}

#[test]
fn naive_it_is_killed_when_the_helper_exits() {
    let harness = harness();
    let Some((helper, mut first, mut program)) = container(&harness) else {
        return;
    };
    program.set_bare(Signal::SIGKILL as i32);
    helper.kill();
    program.assert_dies_of(Signal::SIGKILL);
    first.assert_lives();
}
