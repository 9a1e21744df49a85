use pdeathsig::{die_with_parent, Signal};

#[die_with_parent(Signal::TREM)]
fn main() {}
