#[pdeathsig::die_with_parent(grace = std::time::Duration::from_secs(5), process_group)]
fn main() {}
