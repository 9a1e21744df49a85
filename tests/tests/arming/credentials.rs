//! The signal is sent in the parent's name, so the parent needs permission to kill the child. That a change of user
//! clears the setting is shown in `incidents::i04`.

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, Options};

use crate::harness;

const NOBODY: u32 = 65534;
const USER: u32 = 54_331;

#[test]
fn a_parent_that_may_not_kill_the_child_sends_nothing_and_a_watch_does() {
    if !needs_root() {
        return;
    }
    for (watch, same_user, dies) in
        [(false, false, false), (false, true, true), (true, false, true), (true, true, true)]
    {
        let harness = harness();
        let (mut parent, mut child) = harness.parent_and_child();
        parent.set_user(USER);
        child.set_user(if same_user { USER } else { NOBODY });
        child.arm_with(Signal::SIGKILL, Options { watch, ..Options::default() }).unwrap();
        parent.kill();
        if dies {
            child.assert_dies_of(Signal::SIGKILL);
        } else {
            child.assert_lives();
            assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
        }
    }
}
