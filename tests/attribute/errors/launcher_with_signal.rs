#[pdeathsig::launcher(SIGTERM)]
fn main() {}
