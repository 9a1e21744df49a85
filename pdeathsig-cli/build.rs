//! Makes the unwinder a part of the programs. It would be a library of its own, `libgcc_s.so.1`, and to load that takes
//! a fifth of the time that `pdeathsig` needs to start.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Otherwise the programs load the library, as others do.
    if let Some(archive) = static_unwinder() {
        let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        // For `-lgcc_s` the linker finds this script first.
        let script = format!("INPUT(\"{}\")\n", archive.display());
        if fs::write(folder.join("libgcc_s.so"), script).is_ok() {
            println!("cargo:rustc-link-search=native={}", folder.display());
        }
    }
}

/// GCC's own, if this builds for the machine that it runs on, with the GNU C library.
fn static_unwinder() -> Option<PathBuf> {
    let is = |name: &str, value: &str| env::var(name).as_deref() == Ok(value);
    if env::var_os("TARGET") != env::var_os("HOST")
        || !is("CARGO_CFG_TARGET_OS", "linux")
        || !is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        return None;
    }
    let output = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let archive = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    // If the compiler has none, it answers with the bare name.
    Some(archive).filter(|archive| archive.is_absolute() && archive.is_file())
}
