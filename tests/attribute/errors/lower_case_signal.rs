#[pdeathsig::die_with_parent(sigterm)]
fn main() {}
