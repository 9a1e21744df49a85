//! The cure: a command under a tether dies with its owner, and all that it has started dies with it.
//!
//! ```sh
//! cargo run --example tether
//! ```
//!
//! The command is the one that leaves orphans in the example `orphan`; it needs no change. This program plays all parts;
//! the one to read is `owner`.

use std::env;
use std::error::Error;
use std::process::{Command, ExitCode};

use anstream::println;
use pdeathsig::{CommandExt, Signal, Tether};
use pdeathsig_examples::act;
use pdeathsig_examples::article::{bash, Terminal};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, DIM, GOOD};
use pdeathsig_examples::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn owner() -> Result<()> {
    let tether = Tether::new(Signal::KILL)?;
    let mut child = bash()?.tether(&tether)?.spawn()?;
    child.wait()?;
    Ok(())
}

fn main() -> Result<ExitCode> {
    if env::args().nth(1).as_deref() == Some("--owner") {
        owner()?;
        return Ok(ExitCode::SUCCESS);
    }
    clean_up::play(show)
}

fn show() -> Result<bool> {
    println!("\n{BOLD}A child and its children, under a tether{BOLD:#}\n");
    let terminal = Terminal::open()?;
    let mut owner = Command::new(env::current_exe()?).arg("--owner").stdin(terminal.input()?).spawn()?;
    let family = Family::when(1, "top")?;
    family.show();
    println!(
        "\n   {DIM}`tether <defunct>` is the tether's anchor: a dead process that keeps the group in being.{DIM:#}"
    );

    act::kill(&mut owner, "the owner alone")?;
    let nothing_is_left = clean_up::nothing_is_left();
    family.show();
    if nothing_is_left {
        println!("\n   {GOOD}The owner could do nothing any more, and nothing is left.{GOOD:#}");
    }
    Ok(nothing_is_left)
}
