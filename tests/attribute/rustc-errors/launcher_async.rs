#[pdeathsig::launcher]
/// Documented.
async fn main() {}
