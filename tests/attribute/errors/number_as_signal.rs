#[pdeathsig::die_with_parent(15)]
fn main() {}
