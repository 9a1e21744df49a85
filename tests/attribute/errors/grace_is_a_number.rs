#[pdeathsig::die_with_parent(SIGTERM, grace = 5)]
fn main() {}
