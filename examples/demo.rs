//! The whole experiment: a parent dies of `kill -9`, without protection and with it.
//!
//! ```sh
//! cargo run --example demo
//! ```
//!
//! It shows the processes before and after. It leaves none behind, also when it is interrupted. It succeeds only if
//! each unprotected process became an orphan and each protected one died.
//!
//! In the first two acts, the child has the attribute. The unprotected child calls `outlive_parent` first, which undoes
//! it.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anstream::{eprintln, println};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use pdeathsig::Launcher;
use pdeathsig_examples::act::{Act, DEADLINE};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BAD, BOLD, DIM, GOOD};
use pdeathsig_examples::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A program that starts its helper in a session of its own. A group of processes does not hold both.
const SERVER: &str = "setsid sh -c 'echo up; exec sleep 60' & wait";

#[pdeathsig::launcher]
fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let truth = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--host", how] => return host(how),
        _ => experiment(),
    };
    let closed = clean_up::close_the_door();
    clean_up::end_descendants();
    drop(closed);
    match truth {
        Ok(outcomes) if outcomes.iter().all(|outcome| outcome.is_as_expected) => {
            println!("\n{GOOD}Without protection an orphan, with it none.{GOOD:#} No process was left behind.");
            return ExitCode::SUCCESS;
        }
        Ok(outcomes) => {
            println!("\n{BAD}The experiment failed.{BAD:#}");
            for Outcome { claim, is_as_expected } in outcomes {
                println!("{claim}: {}", if is_as_expected { "yes, as it should" } else { "no, and that is wrong" });
            }
        }
        Err(error) => eprintln!("demo: {error}"),
    }
    ExitCode::FAILURE
}

/// What should have come true, and whether it has.
struct Outcome {
    claim: &'static str,
    is_as_expected: bool,
}

fn experiment() -> Result<Vec<Outcome>> {
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
        println!("\n   The orphan keeps working. It says:");
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

    println!("\n{BOLD}3. A host starts a shell, and the shell starts a helper in a session of its own{BOLD:#}\n");
    let plain = session("plainly")?;
    plain.family.show();
    let helper_lives = plain.family.running("sleep 60").any(|helper| helper.now().is_some());
    if helper_lives {
        println!("\n   The shell and its helper live on. No signal to a process group would reach both.");
    }
    clean_up::end_descendants();

    println!("\n{BOLD}   The same host starts the same shell with a Launcher{BOLD:#}\n");
    let launched = session("with a launcher")?;
    let nothing_left = clean_up::nothing_is_left();
    launched.family.show();
    if nothing_left {
        println!("\n   The whole tree died with the host, in whatever session it was.");
    }
    Ok(vec![
        Outcome { claim: "The unprotected child was orphaned", is_as_expected: orphaned },
        Outcome { claim: "The protected child died", is_as_expected: died },
        Outcome { claim: "Without the launcher, the helper lived on", is_as_expected: helper_lives },
        Outcome { claim: "The launcher left nothing", is_as_expected: nothing_left },
    ])
}

/// The host of the third act.
fn host(how: &str) -> ExitCode {
    let run = || -> Result<()> {
        let mut command = match how {
            "plainly" => Command::new("sh"),
            _ => Launcher::new().command("sh")?,
        };
        command.args(["-c", SERVER]).spawn()?.wait()?;
        Ok(())
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("host: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has a host start the shell, and kills the host.
fn session(how: &str) -> Result<Act> {
    let mut act = Act::begin(Command::new(env::current_exe()?).args(["--host", how]))?;
    act.family = Family::when(1, "sleep 60")?;
    act.family.show();
    act.kill_parent("the host")?;
    Ok(act)
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
    // No process is left to print.
    Ok(matches!(act.end_of_child()?, WaitStatus::Signaled(_, Signal::SIGKILL, _)))
}
