#[pdeathsig::launcher]
fn main() -> u32 {
    5
}
