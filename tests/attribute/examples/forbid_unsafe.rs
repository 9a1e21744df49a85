#![forbid(unsafe_code)]

#[pdeathsig::die_with_parent]
fn main() {}
