#[pdeathsig::die_with_parent(SIGTERM, grace = 500ms)]
fn main() {}
