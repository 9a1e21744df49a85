//! The shortest program with the attribute; its start is measured against `plain`'s.

#[pdeathsig::die_with_parent]
fn main() {}
