#[pdeathsig::die_with_parent(SIGKILL, watch, grace = std::time::Duration::from_secs(5))]
fn main() {}
