//! A host whose commands leave nothing behind: one line on `main`, and one where a command is made.
//!
//! ```sh
//! cargo run --example launcher
//! ```
//!
//! The command is a tree as `npx` makes one: a wrapper, a server, and a helper in a session of its own. No signal to a
//! process group reaches all of it. The lines to read are in `server` and on `main`.

use std::env;
use std::error::Error;
use std::io;
use std::process::{Command, ExitCode, Stdio};

use anstream::println;
use pdeathsig::Launcher;
use pdeathsig_examples::act;
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, DIM, GOOD};
use pdeathsig_examples::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A wrapper that stays, with a helper in a session of its own and a server.
const TREE: &str = "setsid sleep 62 & sleep 61; exit 1";

fn server() -> io::Result<Command> {
    let mut command = Launcher::new().command("sh")?;
    command.args(["-c", TREE]).stdin(Stdio::null());
    Ok(command)
}

#[pdeathsig::launcher]
fn main() -> Result<ExitCode> {
    if env::args().nth(1).as_deref() == Some("--host") {
        server()?.spawn()?.wait()?;
        return Ok(ExitCode::SUCCESS);
    }
    clean_up::play(show)
}

fn show() -> Result<bool> {
    Ok(the_host_is_killed()? && the_child_is_killed()? && the_child_is_dropped()?)
}

fn the_host_is_killed() -> Result<bool> {
    println!("\n{BOLD}1. The host is killed{BOLD:#}\n");
    let mut host = Command::new(env::current_exe()?).arg("--host").spawn()?;
    let family = tree()?;
    family.show();
    println!("\n   {DIM}Two small processes stand between the host and its command. They kill the tree when the host dies.{DIM:#}");
    act::kill(&mut host, "the host, which can do nothing any more")?;
    nothing_is_left(&family, "Nothing is left, not even the helper in a session of its own.")
}

fn the_child_is_killed() -> Result<bool> {
    println!("\n{BOLD}2. The host kills its child, as by Child::kill{BOLD:#}\n");
    let mut child = server()?.spawn()?;
    let family = tree()?;
    family.show();
    act::kill(&mut child, "child.kill()")?;
    nothing_is_left(&family, "The whole tree is gone.")
}

#[tokio::main(flavor = "current_thread")]
async fn the_child_is_dropped() -> Result<bool> {
    println!("\n{BOLD}3. The host drops its child, with tokio's kill_on_drop{BOLD:#}\n");
    let child = tokio::process::Command::from(server()?).kill_on_drop(true).spawn()?;
    let family = tree()?;
    family.show();
    println!("\n   {BOLD}drop(child){BOLD:#}\n");
    drop(child);
    nothing_is_left(&family, "The whole tree is gone here, too.")
}

/// The family, once the server and the helper run.
fn tree() -> Result<Family> {
    Family::when(1, "sleep 62")?;
    Family::when(1, "sleep 61")
}

fn nothing_is_left(family: &Family, remark: &str) -> Result<bool> {
    let nothing_is_left = clean_up::nothing_is_left();
    family.show();
    if nothing_is_left {
        println!("\n   {GOOD}{remark}{GOOD:#}");
    }
    Ok(nothing_is_left)
}
