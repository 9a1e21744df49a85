#[pdeathsig::die_with_parent(SIGRTMIN + 3)]
fn main() {}
