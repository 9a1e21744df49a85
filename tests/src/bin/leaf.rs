//! `leaf SOCKET [stop]`: says that it is up, stops itself if told so, and sleeps for two minutes.

fn main() {
    pdeathsig_tests::play_leaf();
}
