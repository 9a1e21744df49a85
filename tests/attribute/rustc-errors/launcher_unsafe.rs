#[pdeathsig::launcher]
unsafe fn main() {}
