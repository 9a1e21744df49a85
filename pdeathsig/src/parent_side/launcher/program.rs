//! The child of *inner* that becomes the program.

use std::env;
use std::io;
use std::os::unix::process::CommandExt;

use super::{say, Setup, FAILED};
use crate::platform::sys;
use crate::Signal;

const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// Variables with the pid of the process that they are meant for, which would be the program without a launcher.
const WITH_PID: [&str; 2] = ["LISTEN_PID", "WATCHDOG_PID"];

pub(super) fn run(mut setup: Setup, inner: u32) -> ! {
    if sys::arm_for(Signal::KILL, inner).is_err() {
        sys::die_of(Signal::KILL.as_raw());
    }
    let outer = setup.outer.to_string();
    for name in WITH_PID {
        if env::var_os(name).is_some_and(|pid| pid == *outer) {
            env::set_var(name, sys::own_id().to_string());
        }
    }
    let command = &mut setup.command;
    if let Some(folder) = command.get_current_dir() {
        if let Err(error) = env::set_current_dir(folder) {
            say(format_args!("cannot change to the folder {}: {error}: check that it exists", folder.display()));
            sys::exit(FAILED);
        }
    }
    // As late as possible, so that it seldom has to wait for the other processes.
    setup.inherited.restore_before_exec(command, inner, setup.shared.board());
    let error = command.exec();
    let program = command.get_program().to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        say(format_args!("cannot find the program {program:?} ({error}): check its name, and PATH"));
        sys::exit(NOT_FOUND);
    }
    say(format_args!("cannot execute the program {program:?}: {error}"));
    sys::exit(NOT_EXECUTABLE)
}
