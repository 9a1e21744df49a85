use pdeathsig::launcher;

#[launcher]
#[launcher]
fn main() {}
