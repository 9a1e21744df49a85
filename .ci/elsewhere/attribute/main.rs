//! With the default features.

use pdeathsig::{die_with_parent, parent_death_signal, Signal};

#[die_with_parent(SIGTERM)]
fn main() {
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
}
