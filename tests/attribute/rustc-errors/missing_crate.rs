#[pdeathsig::die_with_parent(crate = elsewhere)]
fn main() {}
