use pdeathsig::{die_with_parent, parent_death_signal, Signal};

#[die_with_parent(on_error = "ignore")]
fn main() {
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::KILL));
}
