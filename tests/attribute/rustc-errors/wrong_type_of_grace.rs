#[pdeathsig::die_with_parent(SIGTERM, grace = "5s")]
fn main() {}
