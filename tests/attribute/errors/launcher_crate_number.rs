#[pdeathsig::launcher(crate = 5)]
fn main() {}
