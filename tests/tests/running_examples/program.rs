//! The programs of the examples.

use std::path::PathBuf;

use pdeathsig_tests::Harness;

pub(crate) fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

/// The program of an example, brought up to date. With the features of the whole workspace, `cargo test` has built it.
pub(crate) fn example(name: &str) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let build = escargot::CargoBuild::new().manifest_path(manifest).arg("--workspace").example(name);
    build.run().unwrap().path().to_owned()
}
