#[pdeathsig::die_with_parent(SIGTERM, grace)]
fn main() {}
