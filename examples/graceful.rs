//! A service that finishes its work when its parent dies, and has two seconds for that.
//!
//! ```sh
//! cargo run --example graceful
//! ```
//!
//! It shows both: a service that ends cleanly on SIGTERM, and one that hangs while it cleans up and is killed when the
//! grace is over. This program plays all parts; the one to read is `service`.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use pdeathsig::{DieWithParent, Signal};
use pdeathsig_examples::act::{be_the_parent_if_told, told, Act};
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, GOOD};
use signal_hook::consts::SIGTERM;

const GRACE: Duration = Duration::from_secs(2);

fn service(hangs: bool) -> Result<(), Box<dyn Error>> {
    // The handler first: the parent may die just while this process is being tied to it.
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, stop.clone())?;
    DieWithParent::new(Signal::TERM).watch().grace(GRACE).arm()?;

    for request in 1..300 {
        if stop.load(Ordering::Relaxed) {
            say("service: SIGTERM, so no new requests")?;
            if hangs {
                loop {
                    thread::park();
                }
            }
            say("service: everything is written, good bye")?;
            return Ok(());
        }
        say(&format!("service: request {request}"))?;
        thread::sleep(Duration::from_millis(100));
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
    match env::args().nth(1).as_deref() {
        Some("--service") => service(false),
        Some("--service-that-hangs") => service(true),
        _ => clean_up::interruptible(show),
    }
}

fn show() -> Result<(), Box<dyn Error>> {
    let acts = [
        ("1. A service that cleans up when its parent dies", "--service"),
        ("2. One that hangs while it does", "--service-that-hangs"),
    ];
    for (title, role) in acts {
        println!("\n{BOLD}{title}{BOLD:#}\n");
        let mut act = Act::begin_with_role(&[role])?;
        act.show_lines(3);
        act.kill_parent("the parent")?;
        let killed = Instant::now();
        let end = act.show_the_rest()?;
        let seconds = killed.elapsed().as_secs_f32();
        println!("\n   {GOOD}The service {} {seconds:.1} s after its parent's death.{GOOD:#}", told(end));
    }
    Ok(())
}
