//! The whole experiment: a parent dies of `kill -9`, once with an unprotected child and once with a protected one.
//!
//! ```sh
//! cargo run --example demo
//! ```
//!
//! It shows the processes before and after, leaves none behind, also when interrupted, and succeeds only if the unprotected
//! child became an orphan and the protected one died.
//!
//! The child has the attribute in both acts; unprotected, it undoes it by `outlive_parent` before its first line.

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anstream::{eprintln, println};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig_examples::act::{Act, DEADLINE};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BAD, BOLD, DIM, GOOD};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let truth = experiment();
    let closed = clean_up::close_the_door();
    clean_up::end_descendants();
    drop(closed);
    match truth {
        Ok((true, true)) => {
            println!("\n{GOOD}Without protection an orphan, with it none.{GOOD:#} No process was left behind.");
            return ExitCode::SUCCESS;
        }
        Ok((orphaned, died)) => {
            let ok = |expected| if expected { "as it should" } else { "and that is wrong" };
            println!("\n{BAD}The experiment failed.{BAD:#}");
            println!("The unprotected child was {}orphaned, {}.", if orphaned { "" } else { "not " }, ok(orphaned));
            println!("The protected child {}, {}.", if died { "died" } else { "lived on" }, ok(died));
        }
        Err(error) => eprintln!("demo: {error}"),
    }
    ExitCode::FAILURE
}

/// Whether the unprotected child was orphaned, and whether the protected one died.
fn experiment() -> Result<(bool, bool)> {
    clean_up::when_interrupted()?;
    println!("{DIM}Building the programs main and child …{DIM:#}");
    let main = pdeathsig_examples::build("main")?;
    pdeathsig_examples::build("child")?;

    println!("\n{BOLD}1. main starts a child without protection{BOLD:#}\n");
    let orphan = act(&main, &["--unprotected"])?;
    let line = line_printed_after_the_death_of_main(&orphan);
    orphan.family.show();
    let orphaned = orphan.child.adopted_by().is_some();
    if let Some(line) = line {
        println!("\n   The orphan works on for nobody. It says:");
        println!("   {DIM}{line}{DIM:#}");
        println!("   Nothing would end it, so this demo does.");
    }
    clean_up::end_descendants();

    println!("\n{BOLD}2. main starts the same child, which has #[die_with_parent] on its main{BOLD:#}\n");
    let protected = act(&main, &[])?;
    let died = child_died_of_sigkill(&protected)?;
    protected.family.show();
    if died {
        println!("\n   The child died with its parent: the kernel sent it SIGKILL.");
    }
    Ok((orphaned, died))
}

/// Has `main` start its child, and kills it.
fn act(main: &Path, arguments: &[&str]) -> Result<Act> {
    let mut act = Act::begin(Command::new(main).args(arguments))?;
    act.family.show();
    act.kill_parent("main")?;
    Ok(act)
}

/// None if the child prints no more.
fn line_printed_after_the_death_of_main(act: &Act) -> Option<String> {
    act.skip_lines();
    // One may have been on its way, but not two.
    act.next_line();
    act.next_line()
}

fn child_died_of_sigkill(act: &Act) -> Result<bool> {
    let deadline = Instant::now() + DEADLINE;
    while act.next_line().is_some() {
        if Instant::now() > deadline {
            return Ok(false);
        }
    }
    // Nobody is left to print.
    Ok(matches!(act.end_of_child()?, WaitStatus::Signaled(_, Signal::SIGKILL, _)))
}
