#[pdeathsig::die_with_parent(SIGTERM, watchpid = 5)]
fn main() {}
