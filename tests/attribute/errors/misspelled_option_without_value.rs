#[pdeathsig::die_with_parent(onerror)]
fn main() {}
