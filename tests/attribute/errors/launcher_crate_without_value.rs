#[pdeathsig::launcher(crate)]
fn main() {}
