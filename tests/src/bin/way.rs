//! One trial of a way to start something: the process that judges it, and the owner. See `ways` in the library.

fn main() {
    pdeathsig_tests::run_way();
}
