#[pdeathsig::die_with_parent(SIGTERM, grace = 0.5)]
fn main() {}
