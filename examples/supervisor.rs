//! A supervisor on tokio: it restarts workers that die, and they die with it, since all are under one tether.
//!
//! ```sh
//! cargo run --example supervisor
//! ```
//!
//! First a worker is killed, and another takes its place. Then the supervisor is killed, and all workers die. On SIGTERM
//! it lets its workers finish. The workers need no code of their own for this. This program plays all parts; the one to
//! read is `supervise`.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use nix::sys::signal::{kill, SIGKILL};
use nix::unistd::Pid;
use pdeathsig::{CommandExt, Signal, Tether};
use pdeathsig_examples::act::Act;
use pdeathsig_examples::clean_up;
use pdeathsig_examples::style::{BOLD, DIM, GOOD};
use pdeathsig_examples::table::Family;
use signal_hook::consts::SIGTERM;
use tokio::signal::unix::{signal, SignalKind};
use tokio::task::{self, JoinSet};
use tokio::time;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const WORKERS: usize = 4;
/// What workers have to finish what they do.
const GRACE: Duration = Duration::from_secs(5);
/// Before a worker is started again; twice as long each time, if it does not live as long as [`LONG`].
const PAUSE: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn supervise() -> Result<()> {
    let mut asked_to_end = signal(SignalKind::terminate())?;
    let tether = Arc::new(Tether::new(Signal::KILL)?);
    let mut places = JoinSet::new();
    for number in 1..=WORKERS {
        places.spawn(keep_filled(number, tether.clone()));
    }
    tokio::select! {
        _ = asked_to_end.recv() => {}
        // Whatever stops us, the workers end with the tether.
        Some(failed) = places.join_next() => failed??,
    }

    say("supervisor: SIGTERM, so no worker is started again")?;
    places.shutdown().await;
    let tether = Arc::into_inner(tether).ok_or("a task still starts workers")?;
    task::spawn_blocking(move || tether.shutdown(Signal::TERM, GRACE)).await??;
    say("supervisor: all workers have ended, good bye")?;
    Ok(())
}

/// Starts a worker, and another whenever it has ended.
async fn keep_filled(number: usize, tether: Arc<Tether>) -> io::Result<()> {
    let mut pause = PAUSE;
    loop {
        let start = Instant::now();
        let end = match run(number, &tether).await {
            Ok(status) => format!("ended ({status})"),
            Err(error) => format!("was not started: {error}"),
        };
        if start.elapsed() > LONG {
            pause = PAUSE;
        }
        say(&format!("supervisor: worker {number} {end}; the next in {pause:?}"))?;
        time::sleep(pause).await;
        pause = LONG.min(2 * pause);
    }
}

/// Runs a worker to its end.
async fn run(number: usize, tether: &Tether) -> io::Result<ExitStatus> {
    let mut command = tokio::process::Command::new(env::current_exe()?);
    command.args(["--worker", &number.to_string()]);
    command.as_std_mut().tether(tether)?;
    command.spawn()?.wait().await
}

/// Counts primes, for a minute.
fn work(number: usize) -> Result<()> {
    let end = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, end.clone())?;
    let mut primes = 0;
    for first in (0..).step_by(5_000).take(300) {
        let next = first + 5_000;
        primes += (first.max(2)..next).filter(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).count();
        say(&format!("worker {number}: {primes} primes below {next}"))?;
        if end.load(Ordering::Relaxed) {
            return Ok(say(&format!("worker {number}: SIGTERM, so these were the last"))?);
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--supervise"] => supervise()?,
        ["--worker", number] => work(number.parse()?)?,
        _ => return clean_up::play(|| Ok(killed()? && asked_to_end()?)),
    }
    Ok(ExitCode::SUCCESS)
}

fn killed() -> Result<bool> {
    println!("\n{BOLD}1. Workers that die, and a supervisor that is killed{BOLD:#}\n");
    let mut act = start()?;
    println!();
    let family = all_at_work()?;
    let victim = family.running("supervisor --worker 2").next().ok_or("there is no worker 2")?;
    println!("\n   {BOLD}kill -9 {}{BOLD:#}   {DIM}# worker 2{DIM:#}\n", victim.pid);
    act.skip_lines();
    kill(Pid::from_raw(victim.pid), SIGKILL)?;
    act.show_until(|line| line.starts_with("supervisor: worker 2"))?;
    act.show_until(|line| line.starts_with("worker 2:"))?;
    println!();
    let family = all_at_work()?;

    act.kill_parent("the supervisor")?;
    let nothing_is_left = clean_up::nothing_is_left();
    family.show();
    if nothing_is_left {
        println!("\n   {GOOD}All workers died with their supervisor.{GOOD:#}");
    }
    Ok(nothing_is_left)
}

fn asked_to_end() -> Result<bool> {
    println!("\n{BOLD}2. A supervisor that is asked to end{BOLD:#}\n");
    let mut act = start()?;
    act.skip_lines();
    act.ask_parent_to_end("the supervisor")?;
    let mut last = 0;
    act.show_until(|line| {
        last += usize::from(line.ends_with("these were the last"));
        false
    })?;
    let status = act.end_of_parent()?;
    if last == WORKERS && status.success() {
        println!("\n   {GOOD}All workers finished what they did.{GOOD:#}");
    }
    Ok(last == WORKERS && status.success() && clean_up::nothing_is_left())
}

/// A supervisor of which every worker has said something.
fn start() -> Result<Act> {
    let mut supervisor = Command::new(env::current_exe()?);
    let mut act = Act::begin(supervisor.arg("--supervise").stdin(Stdio::null()))?;
    let mut silent: BTreeSet<usize> = (1..=WORKERS).collect();
    act.show_until(|line| {
        silent.retain(|number| !line.starts_with(&format!("worker {number}:")));
        silent.is_empty()
    })?;
    Ok(act)
}

fn all_at_work() -> Result<Family> {
    let family = Family::when(WORKERS, "supervisor --worker")?;
    family.show();
    Ok(family)
}
