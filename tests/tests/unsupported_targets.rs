//! On targets without a parent-death signal everything compiles and answers `Unsupported`; built here by `--cfg`.

use std::path::Path;
use std::process::Command;

#[test]
fn everything_compiles_and_answers_unsupported() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["test", "--package", "pdeathsig", "--lib", "--target-dir", "target/unsupported"])
        .current_dir(workspace)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", r#"--cfg pdeathsig_backend="unsupported" -D warnings"#)
        .output()
        .unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{errors}");
    assert!(printed.contains("everything_answers_unsupported ... ok"), "{printed}{errors}");
}
