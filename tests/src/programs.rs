//! Programs of the workspace's other packages, brought up to date.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use escargot::CargoBuild;

/// The command `pdeathsig`. Call it while a harness is open: cargo runs as a child of the test.
pub fn pdeathsig() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build(|build| build.bin("pdeathsig")))
}

/// The command `pdeathsig-doctor`, likewise.
pub fn doctor() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    Command::new(PROGRAM.get_or_init(|| build(|build| build.bin("pdeathsig-doctor"))))
}

/// The program of an example, likewise.
pub fn example(name: &str) -> PathBuf {
    build(|build| build.example(name))
}

/// With the features of the whole workspace, `cargo test` has built it.
fn build(program: impl FnOnce(CargoBuild) -> CargoBuild) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    program(CargoBuild::new().manifest_path(manifest).arg("--workspace")).run().unwrap().path().to_owned()
}
