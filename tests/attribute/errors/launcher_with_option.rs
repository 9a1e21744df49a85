#[pdeathsig::launcher(on_error = "warn")]
fn main() {}
