use pdeathsig::{die_with_parent, Signal};

#[die_with_parent]
fn main() {
    die_with_parent(Signal::TERM).unwrap();
}
