#[pdeathsig::die_with_parent(signal = SIGKILL)]
fn main() {}
