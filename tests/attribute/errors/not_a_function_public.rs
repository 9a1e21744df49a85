#[pdeathsig::die_with_parent]
pub static MAIN: i32 = 1;

fn main() {}
