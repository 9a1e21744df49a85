#[pdeathsig::die_with_parent(expected_parent = , on_error = "warn")]
fn main() {}
