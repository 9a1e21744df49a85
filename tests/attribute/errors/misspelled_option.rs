#[pdeathsig::die_with_parent(SIGTERM, expected_parnet = 1)]
fn main() {}
