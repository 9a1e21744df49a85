#[pdeathsig::die_with_parent(SIGTERM, watch = true)]
fn main() {}
