//! Says whether its body ran.

#[pdeathsig::die_with_parent(on_error = "exit")]
fn main() {
    println!("the body ran");
}
