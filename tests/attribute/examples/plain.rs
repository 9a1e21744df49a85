use pdeathsig::die_with_parent;

#[die_with_parent]
fn main() {}
