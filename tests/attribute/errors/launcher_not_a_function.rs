#[pdeathsig::launcher]
mod program {}

fn main() {}
