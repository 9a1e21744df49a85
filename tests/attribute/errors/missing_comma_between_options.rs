#[pdeathsig::die_with_parent(on_error = "warn" crate = pdeathsig)]
fn main() {}
