//! The programs in `ui`: what the attributes accept, and the message for each mistake.

use std::process::Command;

use pdeathsig_tests::skipped;

/// The messages in `ui/rustc-errors` are those of this compiler.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn programs() {
    trybuild::TestCases::new().pass("ui/programs/*.rs");
}

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("ui/errors/*.rs");
}

#[test]
fn rustc_errors() {
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(RUSTC) {
        skipped("rustc_errors", &format!("written for {RUSTC}x, this is {version}"));
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/rustc-errors/*.rs");
}
