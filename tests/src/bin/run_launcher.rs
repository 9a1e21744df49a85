//! `run_launcher [OPTION]... PROGRAM [ARGUMENT]...`: becomes the launcher of a program, as the command `pdeathsig`
//! does.
//!
//! Without the runtime of std, which ignores SIGPIPE before `main`. With `RUN_LAUNCHER_THREAD` in the environment it
//! starts a thread before.
#![no_main]
// A `main` for the C library needs its plain name.
#![allow(unsafe_code)]

use std::env;
use std::process::Command;
use std::thread;

use pdeathsig::Launcher;
use pdeathsig_tests::{launcher_of_arguments, own_arguments};

/// What the C library calls.
#[no_mangle]
pub extern "C" fn main() -> i32 {
    Launcher::init();
    let (launcher, program) = launcher_of_arguments(own_arguments());
    if env::var_os("RUN_LAUNCHER_THREAD").is_some() {
        thread::spawn(|| loop {
            thread::park();
        });
    }
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]);
    launcher.run(command)
}
