//! A program that spawns a command with a launcher around it, waits, and says how it ended.
//!
//! `launcher_host HOW [OPTION]... PROGRAM [ARGUMENT]...`, where HOW is `spawn`, `exec` (in its own place), `fork`
//! (spawned by a fork), `plain` (without a launcher), `group` (in a process group of its own), `thread` (a thread runs
//! when `init` is called) `after-input` (when its input is closed), `after-input-plain` (likewise, without a launcher)
//! or `without-init`.

use std::env;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode};
use std::thread;

use pdeathsig::Launcher;
use pdeathsig_tests::launcher_of_arguments;

fn main() -> ExitCode {
    let how = env::args().nth(1).unwrap_or_default();
    if env::var_os("LAUNCHER_HOST_THREAD").is_some() {
        thread::spawn(|| loop {
            thread::park();
        });
    }
    if how != "without-init" {
        Launcher::init();
    }
    if how.starts_with("after-input") {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    }
    let (launcher, program) = launcher_of_arguments(env::args_os().skip(2));
    let mut command = match launcher.command(&program[0]) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(1);
        }
    };
    if how.ends_with("plain") {
        command = Command::new(&program[0]);
    }
    command.args(&program[1..]);
    match how.as_str() {
        "exec" => {
            let error = command.exec();
            eprintln!("{error}");
            return ExitCode::from(1);
        }
        // The original waits for as long as its standard input is open, and the fork goes on.
        "fork" if !pdeathsig_tests::forked() => {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            return ExitCode::SUCCESS;
        }
        "group" => drop(command.process_group(0)),
        _ => {}
    }
    let mut child = command.spawn().expect("a launcher is spawned");
    let status = child.wait().expect("the child is waited for");
    match (status.code(), status.signal()) {
        (Some(code), _) => println!("exit {code}"),
        (_, Some(signal)) => println!("signal {signal}{}", if status.core_dumped() { " core" } else { "" }),
        _ => println!("{status}"),
    }
    ExitCode::SUCCESS
}
