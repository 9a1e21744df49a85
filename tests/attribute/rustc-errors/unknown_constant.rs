#[pdeathsig::die_with_parent(SIGNIFICANT)]
fn main() {}
