#[pdeathsig::launcher]
#[tokyo::main]
async fn main() {}
