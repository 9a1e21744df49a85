#[pdeathsig::launcher(crate = pdeathsig, watch)]
fn main() {}
