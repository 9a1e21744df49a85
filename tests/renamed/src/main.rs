//! The attribute where `pdeathsig` has another name.

#[renamed::die_with_parent(crate = renamed)]
fn main() {}
