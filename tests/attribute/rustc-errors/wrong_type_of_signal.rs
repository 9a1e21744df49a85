const NUMBER: i32 = 15;

#[pdeathsig::die_with_parent(NUMBER)]
fn main() {}
