#[pdeathsig::die_with_parent()]
fn main() {}
