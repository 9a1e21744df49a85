#[pdeathsig::die_with_parent(pdeathsig::Signal::KILL, grace = std::time::Duration::from_secs(5))]
fn main() {}
