//! A process that does what a test tells it to.

fn main() {
    pdeathsig_tests::run_actor();
}
