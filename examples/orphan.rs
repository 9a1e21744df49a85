//! The problem: a child is killed, and its own children live on as orphans.
//!
//! ```sh
//! cargo run --example orphan
//! ```
//!
//! `Child::kill` kills one process, here a bash. `watch`, which bash has started, gets no signal, and keeps running
//! `top`. The examples `process_group` and `tether` show what to do about it.

use std::error::Error;
use std::process::ExitCode;

use anstream::println;
use pdeathsig_examples::act::kill;
use pdeathsig_examples::article::{bash, Terminal};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BAD, BOLD};
use pdeathsig_examples::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    clean_up::play(show)
}

fn show() -> Result<bool> {
    println!("\n{BOLD}A child and its children{BOLD:#}\n");
    let terminal = Terminal::open()?;
    let mut child = bash()?.stdin(terminal.input()?).spawn()?;
    let family = Family::when(1, "top")?;
    family.show();

    kill(&mut child, "bash, by Child::kill")?;
    family.show();
    let orphaned = family.running("watch top").any(|watch| watch.adopted_by().is_some());
    if orphaned {
        println!("\n   {BAD}bash is gone, and what it has started lives on.{BAD:#} Nothing would end it, so this example does.");
    }
    Ok(orphaned)
}
