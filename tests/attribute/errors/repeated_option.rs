#[pdeathsig::die_with_parent(on_error = "warn", on_error = "exit")]
fn main() {}
