#[pdeathsig::die_with_parent(on_error = exit)]
fn main() {}
