//! Says whether its body ran.

#[pdeathsig::die_with_parent(on_error = "ignore")]
fn main() {
    println!("the body ran");
}
