#[pdeathsig::die_with_parent(SIGTERM, 5)]
fn main() {}
