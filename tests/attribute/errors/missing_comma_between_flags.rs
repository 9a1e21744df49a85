#[pdeathsig::die_with_parent(SIGTERM, watch process_group)]
fn main() {}
