#[pdeathsig::die_with_parent(SIGTERM, colour = "red")]
fn main() {}
