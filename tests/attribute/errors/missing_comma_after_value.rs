#[pdeathsig::die_with_parent(SIGTERM, expected_parent = std::process::id() on_error = "warn")]
fn main() {}
