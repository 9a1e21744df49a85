#[pdeathsig::die_with_parent]
fn main() -> Result<(), String> {
    let _ = 5;
}
