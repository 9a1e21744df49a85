#[pdeathsig_renamed::die_with_parent(SIGTERM, crate = pdeathsig_renamed::renamed)]
fn main() {}
