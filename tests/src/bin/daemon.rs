//! `daemon PROGRAM [ARGUMENT]...`: starts a program as daemons start: fork, a session of its own, fork, `/`, no
//! standard streams. Then it exits.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::setsid;

fn main() {
    if !pdeathsig_tests::forked() {
        return;
    }
    setsid().expect("a fork leads no group");
    if !pdeathsig_tests::forked() {
        return;
    }
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    panic!("{}", command.exec());
}
