use pdeathsig::{die_with_parent, parent_death_signal, Signal};

#[die_with_parent(
    SIGUSR1,
    expected_parent = std::os::unix::process::parent_id(),
    on_error = "warn",
    crate = pdeathsig,
)]
fn main() {
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::USR1));
}
