#[pdeathsig::die_with_parent(crate = 1)]
fn main() {}
