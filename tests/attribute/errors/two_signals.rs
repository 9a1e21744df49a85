#[pdeathsig::die_with_parent(SIGTERM, SIGKILL)]
fn main() {}
