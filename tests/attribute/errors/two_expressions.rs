#[pdeathsig::die_with_parent(pdeathsig::Signal::INT pdeathsig::Signal::HUP)]
fn main() {}
