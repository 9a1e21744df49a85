#[pdeathsig::die_with_parent]
#[pdeathsig::launcher]
#[pdeathsig::die_with_parent]
fn main() {}
