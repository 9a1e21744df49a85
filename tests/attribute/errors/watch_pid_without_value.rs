#[pdeathsig::die_with_parent(watch_pid)]
fn main() {}
