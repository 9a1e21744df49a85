#[pdeathsig_renamed::die_with_parent(crate = "::pdeathsig_renamed::renamed")]
fn main() {}
