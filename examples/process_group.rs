//! A child and its children are killed together as a process group; and the usual mistake with it.
//!
//! ```sh
//! cargo run --example process_group
//! ```
//!
//! It shows `kill_process_group` on a child that leads no group, on one that leads its own, and on one that has ended
//! and was waited for while the other members live on.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitCode};

use anstream::println;
use pdeathsig::ChildExt;
use pdeathsig_examples::act;
use pdeathsig_examples::article::{bash, Terminal};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, DIM, GOOD};
use pdeathsig_examples::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    clean_up::play(show)
}

fn show() -> Result<bool> {
    Ok(without_a_group()? && with_a_group()? && after_the_end_of_the_leader()?)
}

fn without_a_group() -> Result<bool> {
    println!("\n{BOLD}1. A child in the process group of its parent{BOLD:#}\n");
    let terminal = Terminal::open()?;
    let mut child = bash()?.stdin(terminal.input()?).spawn()?;
    let family = started()?;
    announce(&child);
    let Err(error) = child.kill_process_group() else { return Ok(false) };
    println!("   Error: {error}\n\n   No process got a signal:\n");
    family.show();
    let unharmed = family.running("watch top").all(|watch| watch.now().is_some());
    clean_up::end_descendants();
    Ok(unharmed)
}

fn with_a_group() -> Result<bool> {
    println!("\n{BOLD}2. The same command with process_group(0), so that it leads a group{BOLD:#}\n");
    let terminal = Terminal::open()?;
    let mut child = bash()?.process_group(0).stdin(terminal.input()?).spawn()?;
    let family = started()?;
    announce(&child);
    child.kill_process_group()?;
    let nothing_is_left = clean_up::nothing_is_left();
    family.show();
    if nothing_is_left {
        println!("\n   {GOOD}bash, watch and top ended together.{GOOD:#}");
    }
    Ok(nothing_is_left)
}

fn after_the_end_of_the_leader() -> Result<bool> {
    println!("\n{BOLD}3. The same, but the leader is killed alone, and waited for{BOLD:#}\n");
    let terminal = Terminal::open()?;
    let mut child = bash()?.process_group(0).stdin(terminal.input()?).spawn()?;
    let family = started()?;
    act::kill(&mut child, "bash")?;
    family.show();
    let orphaned = family.running("watch top").any(|watch| watch.adopted_by().is_some());
    announce(&child);
    child.kill_process_group()?;
    let nothing_is_left = clean_up::nothing_is_left();
    family.show();
    if nothing_is_left {
        println!("\n   {GOOD}The group outlived its leader, and was reached all the same.{GOOD:#}");
    }
    Ok(orphaned && nothing_is_left)
}

/// Shows the command of the article when it runs.
fn started() -> Result<Family> {
    let family = Family::when(1, "top")?;
    family.show();
    Ok(family)
}

fn announce(child: &Child) {
    println!("\n   {BOLD}child.kill_process_group(){BOLD:#}   {DIM}# the child is bash {}{DIM:#}\n", child.id());
}
