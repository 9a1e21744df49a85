#[pdeathsig::die_with_parent(watch, process_group, watch)]
fn main() {}
