//! The command `pdeathsig`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Its program, brought up to date. Call it while a harness is open: cargo runs as a child of the test.
pub(crate) fn pdeathsig() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        // With the features of the whole workspace, `cargo test` has built it.
        let build = escargot::CargoBuild::new().manifest_path(manifest).arg("--workspace").bin("pdeathsig");
        build.run().unwrap().path().to_owned()
    })
}
