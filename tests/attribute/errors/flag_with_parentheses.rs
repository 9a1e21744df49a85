#[pdeathsig::die_with_parent(descendants())]
fn main() {}
