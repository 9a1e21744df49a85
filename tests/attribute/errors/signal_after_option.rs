#[pdeathsig::die_with_parent(on_error = "warn", SIGKILL)]
fn main() {}
