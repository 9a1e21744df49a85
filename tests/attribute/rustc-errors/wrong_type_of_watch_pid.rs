#[pdeathsig::die_with_parent(SIGTERM, watch_pid = "1")]
fn main() {}
