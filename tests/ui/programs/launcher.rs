#[pdeathsig::launcher]
fn main() {}
