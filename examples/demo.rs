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
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anstream::{eprintln, println};
use nix::sys::signal::Signal;
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BAD, BOLD, DIM, GOOD};
use pdeathsig_examples::table::{Family, Member};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Far longer than anything here takes.
const DEADLINE: Duration = Duration::from_secs(30);

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
    let act = Act::begin(&main, &["--unprotected"])?;
    let line = act.line_printed_after_the_death_of_main()?;
    act.family.show();
    let orphaned = act.child.adopted_by().is_some();
    if let Some(line) = line {
        println!("\n   The orphan works on for nobody. It says:");
        println!("   {DIM}{line}{DIM:#}");
        println!("   Nothing would end it, so this demo does.");
    }
    clean_up::end_descendants();

    println!("\n{BOLD}2. main starts the same child, which has #[die_with_parent] on its main{BOLD:#}\n");
    let act = Act::begin(&main, &[])?;
    let died = act.child_died_of_sigkill()?;
    act.family.show();
    if died {
        println!("\n   The child died with its parent: the kernel sent it SIGKILL.");
    }
    Ok((orphaned, died))
}

/// A family whose parent has been killed.
struct Act {
    family: Family,
    child: Member,
    lines: Receiver<String>,
}

impl Act {
    fn begin(program: &Path, arguments: &[&str]) -> Result<Act> {
        let mut main = Command::new(program);
        main.args(arguments).env_remove("CARGO").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let open = clean_up::close_the_door();
        let mut main = main.spawn()?;
        drop(open);
        let lines = lines(main.stdout.take().ok_or("main has no standard output")?);
        // A child that prints has armed, or decided not to.
        lines.recv_timeout(DEADLINE)?;

        let family = Family::now()?;
        let child = family.generation(2).next().cloned().ok_or("main has no child")?;
        family.show();
        println!("\n   {BOLD}kill -9 {}{BOLD:#}   {DIM}# main{DIM:#}\n", main.id());
        main.kill()?;
        // Once main can be waited for, the kernel has told its child.
        main.wait()?;
        Ok(Act { family, child, lines })
    }

    /// None if the child prints no more.
    fn line_printed_after_the_death_of_main(&self) -> Result<Option<String>> {
        while self.lines.try_recv().is_ok() {}
        // One may have been on its way, but not two.
        self.lines.recv_timeout(DEADLINE).ok();
        Ok(self.lines.recv_timeout(DEADLINE).ok())
    }

    fn child_died_of_sigkill(&self) -> Result<bool> {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            if let Err(RecvTimeoutError::Disconnected) = self.lines.recv_timeout(DEADLINE) {
                // Nobody is left to print.
                let child = Pid::from_raw(self.child.pid);
                return Ok(waitpid(child, None)? == WaitStatus::Signaled(child, Signal::SIGKILL, false));
            }
        }
        Ok(false)
    }
}

/// What is printed, line by line, until nobody is left to print.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(output).lines().map_while(io::Result::ok).try_for_each(|line| tell.send(line))
    });
    lines
}
