#[pdeathsig::launcher]
fn main() -> Result<(), String> {
    let _ = 5;
}
