//! A change of user clears the setting, and the read-back says so. The museum's i04 has the cures.

use nix::sys::signal::Signal;
use pdeathsig_tests::{needs_root, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const NOBODY: u32 = 65534;

#[test]
fn setuid_to_an_ordinary_user_clears_it_and_the_read_back_says_so() {
    if !needs_root("setuid_to_an_ordinary_user_clears_it_and_the_read_back_says_so") {
        return;
    }
    let stage = Stage::open(ACTOR);
    let mut parent = stage.actor();
    let mut child = parent.spawn();
    child.arm(Signal::SIGKILL).unwrap();
    assert_eq!(child.read(), Ok(Some(Signal::SIGKILL as i32)));
    child.set_user(NOBODY);
    assert_eq!(child.read(), Ok(None));
    parent.kill();
    child.assert_lives();
}
