#[pdeathsig::die_with_parent(Term)]
fn main() {}
