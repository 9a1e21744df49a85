#[pdeathsig::die_with_parent(std::convert::identity(pdeathsig::Signal::INT) on_error = "warn")]
fn main() {}
