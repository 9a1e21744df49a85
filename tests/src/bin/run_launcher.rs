//! `run_launcher [OPTION]... PROGRAM [ARGUMENT]...`: becomes the launcher of a program, as the command `pdeathsig` does.

use std::env;
use std::process::Command;
use std::thread;

use pdeathsig::Launcher;
use pdeathsig_tests::launcher_of_arguments;

fn main() {
    Launcher::init();
    let (launcher, program) = launcher_of_arguments(env::args_os().skip(1));
    if env::var_os("RUN_LAUNCHER_THREAD").is_some() {
        thread::spawn(|| loop {
            thread::park();
        });
    }
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]);
    launcher.run(command)
}
