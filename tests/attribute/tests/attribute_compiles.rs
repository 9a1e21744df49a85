//! What the attributes accept, and the message for each mistake.

use std::path::Path;
use std::process::Command;

/// The messages in `rustc-errors` are those of this compiler.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn every_program_in_examples_compiles_and_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Of the whole workspace, as `cargo test` has built them: of one package they would be built with other features.
    let build =
        escargot::CargoBuild::new().manifest_path(folder.join("../../Cargo.toml")).arg("--workspace").examples();
    let messages = build.exec().unwrap().map(|message| message.unwrap());
    let mut programs = Vec::new();
    for message in messages {
        if let Ok(escargot::format::Message::CompilerArtifact(artifact)) = message.decode() {
            if Path::new(&*artifact.target.src_path).starts_with(folder.join("examples")) {
                programs.extend(artifact.executable.map(|program| program.into_owned()));
            }
        }
    }
    let sources = folder.join("examples").read_dir().unwrap().count();
    assert_eq!(programs.len(), sources);
    for program in programs {
        let output = Command::new(&program).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", program.display());
    }
}

#[test]
fn each_mistake_has_a_message() {
    trybuild::TestCases::new().compile_fail("errors/*.rs");
}

#[test]
fn the_compilers_messages_point_at_the_mistake() {
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    let version = String::from_utf8_lossy(&version);
    if !version.starts_with(RUSTC) {
        eprintln!("SKIPPED the_compilers_messages_point_at_the_mistake: written for {RUSTC}x, this is {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("rustc-errors/*.rs");
}
