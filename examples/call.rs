//! The same by a function call. The parent passes its pid, so that the child also notices a parent that died before the
//! child's first line.
//!
//! ```sh
//! cargo run --example call
//! ```
//!
//! This program plays both parts. Kill the parent from another terminal: the child is gone too.

use std::env;
use std::error::Error;
use std::process::{self, Command};

use pdeathsig::{DieWithParent, Signal};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => parent(),
        ["--child-of", pid] => child(pid.parse()?),
        _ => Err("usage: call".into()),
    }
}

fn parent() -> Result<(), Box<dyn Error>> {
    let own_pid = process::id().to_string();
    let mut child = Command::new(env::current_exe()?).args(["--child-of", &own_pid]).spawn()?;
    eprintln!("parent {own_pid}: started child {}; now try `kill -9 {own_pid}` in another terminal", child.id());
    child.wait()?;
    Ok(())
}

fn child(parent: u32) -> Result<(), Box<dyn Error>> {
    DieWithParent::new(Signal::KILL).expected_parent(parent).arm()?;
    pdeathsig_examples::print_the_time()?;
    Ok(())
}
