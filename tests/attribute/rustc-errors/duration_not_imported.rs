#[pdeathsig::die_with_parent(SIGTERM, grace = Duration::from_secs(5))]
fn main() {}
