#[pdeathsig::die_with_parent(crate = if)]
fn main() {}
