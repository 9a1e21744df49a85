use pdeathsig::die_with_parent;

#[die_with_parent(SIGTERM)]
#[die_with_parent(watch)]
fn main() {}
