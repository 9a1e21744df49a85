use pdeathsig_renamed::renamed;

#[renamed::die_with_parent(crate = renamed)]
fn main() {}
