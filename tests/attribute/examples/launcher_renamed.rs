#[pdeathsig_renamed::renamed::launcher(crate = pdeathsig_renamed::renamed,)]
fn main() {}
