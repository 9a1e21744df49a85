#[pdeathsig::die_with_parent(SIGTERM, on_error = "warn", crate = std)]
fn main() {}
