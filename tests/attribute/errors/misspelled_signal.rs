#[pdeathsig::die_with_parent(SIGTREM)]
fn main() {}
