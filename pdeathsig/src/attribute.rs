//! What the expansion of `#[die_with_parent]` calls.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;

use crate::DieWithParent;

/// What to do when arming fails.
#[derive(Clone, Copy, Debug)]
pub enum OnError {
    /// Say so and exit with the status 1.
    Exit,
    /// Say so and go on.
    Warn,
    /// Go on.
    Ignore,
}

/// The first statement of an annotated `main`.
pub fn arm(options: DieWithParent, on_error: OnError) {
    let Err(error) = options.arm() else { return };
    if let OnError::Ignore = on_error {
        return;
    }
    let program = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let name = program.file_name().unwrap_or("pdeathsig".as_ref()).to_string_lossy();
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{name}: cannot tie this process to its parent: {error}");
    if let OnError::Exit = on_error {
        process::exit(1);
    }
}
