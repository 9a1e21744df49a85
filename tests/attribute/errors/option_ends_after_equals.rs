#[pdeathsig::die_with_parent(expected_parent =)]
fn main() {}
