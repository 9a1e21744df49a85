//! The programs in `ui`: what the attribute takes, and the one message for each mistake.

use std::process::Command;

use pdeathsig_tests::skipped;

/// The compiler whose own messages were written down.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn programs() {
    trybuild::TestCases::new().pass("ui/programs/*.rs");
}

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("ui/mistakes/*.rs");
}

#[test]
fn mistakes_told_by_rustc() {
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(RUSTC) {
        skipped("mistakes_told_by_rustc", &format!("written for {RUSTC}x, this is {version}"));
        return;
    }
    trybuild::TestCases::new().compile_fail("ui/mistakes-told-by-rustc/*.rs");
}
