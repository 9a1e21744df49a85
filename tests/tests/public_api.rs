//! The public API of `pdeathsig` is what `pdeathsig/api.txt` says, one item to a line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pdeathsig_tests::skipped;
use public_api::Builder;
use serde_json::Value;
use similar::TextDiff;

/// `update` writes the listing instead of comparing it, `required` makes a failure of what is skipped elsewhere.
const MODE: &str = "PDEATHSIG_API";
const UPDATE: &str = "PDEATHSIG_API=update cargo test --package pdeathsig-tests --test public_api";

/// Of rustdoc's JSON, what this release of `public-api` reads, and what wrote the listing.
const FORMAT: u64 = 57;
const WRITER: &str = "Rust 1.95";

/// Traits without a stable name: no code can rely on them.
const UNSTABLE: [&str; 2] = ["core::marker::Freeze", "core::marker::UnsafeUnpin"];

#[test]
fn the_public_api_is_the_one_that_is_written_down() {
    let mode = std::env::var(MODE).unwrap_or_default();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let json = describe(workspace);
    let format = format_of(&json);
    if format != FORMAT {
        let reason = format!("it reads the format {FORMAT}, that of the rustdoc of {WRITER}; this one writes {format}");
        assert_ne!(mode, "required", "{reason}");
        skipped(&reason);
        return;
    }

    let listing = workspace.join("pdeathsig/api.txt");
    let is = list(&json);
    if mode == "update" {
        fs::write(&listing, is).unwrap();
        return;
    }
    let was = fs::read_to_string(&listing).unwrap();
    let difference = TextDiff::from_lines(&was, &is);
    let difference = difference.unified_diff().header("pdeathsig/api.txt", "the public API as it is").to_string();
    assert!(
        difference.is_empty(),
        "the public API has changed:\n\n{difference}\nIf that is meant, tell it in CHANGELOG.md, and run\n\n    {UPDATE}\n"
    );
}

/// Has rustdoc describe the library. That is unstable, hence the variable; a target folder of its own keeps the rest
/// from being built again because of it.
fn describe(workspace: &Path) -> PathBuf {
    let target = workspace.join("target/api");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--locked", "--package", "pdeathsig", "--lib", "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .current_dir(workspace)
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("doc/pdeathsig.json")
}

fn format_of(json: &Path) -> u64 {
    let description: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    description["format_version"].as_u64().unwrap()
}

/// Without blanket implementations, but with the automatic ones: that a `Tether` is `Sync` is a promise.
fn list(json: &Path) -> String {
    let api = Builder::from_rustdoc_json(json).omit_blanket_impls(true).build().unwrap().to_string();
    let stable = api.lines().filter(|line| !UNSTABLE.iter().any(|name| line.contains(name)));
    stable.flat_map(|line| [line, "\n"]).collect()
}
