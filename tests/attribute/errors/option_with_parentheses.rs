#[pdeathsig::die_with_parent(SIGTERM, expected_parent(5))]
fn main() {}
