#[pdeathsig::launcher(crate = elsewhere)]
fn main() {}
