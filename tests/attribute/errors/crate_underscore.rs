#[pdeathsig::die_with_parent(crate = _)]
fn main() {}
