#[pdeathsig::die_with_parent(, on_error = "warn")]
fn main() {}
