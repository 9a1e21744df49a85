//! A host on tokio that starts a program from `spawn_blocking`, where threads retire when there is nothing to do.
//!
//! `tokio_host PROGRAM [tether]`; prints the id of the program's process, which is tethered if it should be. When it
//! reads a line, the task ends, and it prints a line when the thread has retired. It lives on until it is killed, or a
//! minute is over.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::unistd::{gettid, Pid};
use pdeathsig::{CommandExt, Signal, Tether};

fn main() {
    let end = Instant::now() + Duration::from_secs(60);
    let program = env::args_os().nth(1).expect("usage: tokio_host PROGRAM [tether]");
    let tether = env::args().nth(2).is_some_and(|tie| tie == "tether").then(|| Tether::new(Signal::KILL).unwrap());
    // Ten seconds by default.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).thread_keep_alive(Duration::from_millis(1)).build().unwrap();
    let start = move || start(program.into(), tether);
    let thread = runtime.block_on(async { tokio::task::spawn_blocking(start).await.unwrap() });
    let task = PathBuf::from(format!("/proc/self/task/{thread}"));
    while task.exists() {
        std::thread::yield_now();
    }
    say("retired");
    pdeathsig_tests::sleep_until(end);
}

fn start(program: PathBuf, tether: Option<Tether>) -> Pid {
    let mut command = Command::new(program);
    if let Some(tether) = tether {
        command.tether(&tether).unwrap();
        // It is cut when the process ends.
        std::mem::forget(tether);
    }
    say(command.spawn().unwrap().id());
    io::stdin().read_line(&mut String::new()).unwrap();
    gettid()
}

fn say(line: impl std::fmt::Display) {
    println!("{line}");
    io::stdout().flush().unwrap();
}
