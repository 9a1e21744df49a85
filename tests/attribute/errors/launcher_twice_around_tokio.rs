#[pdeathsig::launcher]
#[tokio::main]
#[pdeathsig::launcher]
async fn main() {}
