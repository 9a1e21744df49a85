#[pdeathsig::die_with_parent(SIGTERM, proces_group)]
fn main() {}
