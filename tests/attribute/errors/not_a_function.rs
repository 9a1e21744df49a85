#[pdeathsig::die_with_parent]
struct Main;

fn main() {}
