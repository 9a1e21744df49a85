#[pdeathsig::die_with_parent(on_error = "panic")]
fn main() {}
