#[pdeathsig::die_with_parent(descendents)]
fn main() {}
