//! The programs in `ui`: what the attribute takes, and the one message for each mistake.

use std::fs;
use std::path::Path;
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

#[test]
fn a_mistake_in_a_program_of_edition_2015_has_its_message_too() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edition-2015");
    fs::create_dir_all(&program).unwrap();
    let manifest = format!(
        "package = {{ name = \"edition-2015\", version = \"0.0.0\", edition = \"2015\" }}\nworkspace = {{}}\n\
         bin = [{{ name = \"edition-2015\", path = \"main.rs\" }}]\ndependencies.pdeathsig.path = {:?}\n",
        workspace.join("pdeathsig"),
    );
    fs::write(program.join("Cargo.toml"), manifest).unwrap();
    fs::write(program.join("main.rs"), "#[pdeathsig::die_with_parent(SIGTREM)]\nfn main() {}\n").unwrap();
    fs::copy(workspace.join("Cargo.lock"), program.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--target-dir", "target"])
        .current_dir(&program)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("did you mean `SIGTERM`?") && !said.contains("`core`"), "{said}");
}
