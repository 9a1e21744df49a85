#[pdeathsig::die_with_parent("SIGTERM")]
fn main() {}
