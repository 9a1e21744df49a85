//! A child that must not outlive its parent: one attribute on `main`.
//!
//! It is started by the example `main`.

use std::env;
use std::error::Error;

use pdeathsig::die_with_parent;

#[die_with_parent]
fn main() -> Result<(), Box<dyn Error>> {
    if env::args().any(|argument| argument == "--unprotected") {
        // As if the attribute were not there.
        pdeathsig::outlive_parent()?;
    }
    pdeathsig_examples::print_the_time()?;
    Ok(())
}
