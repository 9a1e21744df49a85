#[pdeathsig::launcher]
fn main() {
    let text: String = 5;
}
