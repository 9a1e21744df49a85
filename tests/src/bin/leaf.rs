//! `leaf SOCKET [stop]`: reports that it is up, stops itself if asked to, and sleeps for two minutes.

fn main() {
    pdeathsig_tests::run_leaf();
}
