#[pdeathsig::die_with_parent]
fn main() {
    let text: String = 5;
}
