//! A worker on tokio that is notified of its parent's death in its own event loop.
//!
//! ```sh
//! cargo run --example tokio
//! ```
//!
//! The parent's descriptor stands in a `select!` beside the work, so there is no signal and no extra thread. This
//! program plays all parts; the one to read is `worker`.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::time::Duration;

use anstream::println;
use pdeathsig::Parent;
use pdeathsig_examples::act::{be_the_parent_if_told, told, Act};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, GOOD};
use tokio::io::unix::AsyncFd;
use tokio::io::Interest;
use tokio::time;

#[tokio::main(flavor = "current_thread")]
async fn worker() -> Result<(), Box<dyn Error>> {
    // Readable when the parent process is gone, and from then on.
    // SAFETY: tokio wants it open, and the same, for as long as it has it; a `Parent` owns its descriptor and never
    // replaces it.
    #[allow(unsafe_code)]
    let parent = unsafe { AsyncFd::register_with_interest(Parent::current()?, Interest::READABLE)? };
    let mut work = time::interval(Duration::from_millis(100));
    for piece in 1..300 {
        tokio::select! {
            gone = parent.readable() => {
                // It stays readable, for other readers.
                gone?.retain_ready();
                say(&format!("worker: parent {} is gone, so this piece is the last", parent.get_ref().id()))?;
                return Ok(());
            }
            _ = work.tick() => {
                let threads = fs::read_dir("/proc/self/task")?.count();
                say(&format!("worker: piece {piece}, with {threads} thread"))?;
            }
        }
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn main() -> Result<(), Box<dyn Error>> {
    if be_the_parent_if_told()? {
        return Ok(());
    }
    if env::args().nth(1).as_deref() == Some("--worker") {
        return worker();
    }
    clean_up::interruptible(show)
}

fn show() -> Result<(), Box<dyn Error>> {
    println!("\n{BOLD}A worker on tokio, and its parent{BOLD:#}\n");
    let mut act = Act::begin_with_role(&["--worker"])?;
    act.show_lines(3);
    act.kill_parent("the parent")?;
    println!("\n   {GOOD}The worker {}.{GOOD:#}", told(act.show_the_rest()?));
    Ok(())
}
