#[pdeathsig::die_with_parent(SIGTERM, expcted_parnt = 1)]
fn main() {}
