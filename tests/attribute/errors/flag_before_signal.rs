#[pdeathsig::die_with_parent(watch, SIGTERM)]
fn main() {}
