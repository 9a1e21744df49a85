#[pdeathsig::die_with_parent(expected_parent = "1")]
fn main() {}
