//! An actor that the attribute ties to its parent.

#[pdeathsig::die_with_parent]
fn main() {
    pdeathsig_tests::run_actor();
}
