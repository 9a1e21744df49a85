#[pdeathsig::die_with_parent(crate = "not a path")]
fn main() {}
