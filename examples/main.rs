//! A parent: starts `child` and waits for it.
//!
//! ```sh
//! cargo run --example main                  # the child dies with this process, however it ends
//! cargo run --example main -- --unprotected # the child lives on
//! ```
//!
//! Then kill this process from another terminal, and see what happens to the child. It exits by itself after a
//! minute.

use std::env;
use std::error::Error;
use std::process::{self, Command};

fn main() -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(pdeathsig_examples::program("child")?).args(env::args_os().skip(1)).spawn()?;
    eprintln!("main {0}: started child {1}; now try `kill -9 {0}` in another terminal", process::id(), child.id());
    let status = child.wait()?;
    eprintln!("main {}: child ended: {status}", process::id());
    Ok(())
}
