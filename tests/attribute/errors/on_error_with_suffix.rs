#[pdeathsig::die_with_parent(on_error = "warn"now)]
fn main() {}
