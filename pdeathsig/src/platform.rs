//! Linux and Android. The modules below exist on these targets alone, so they are declared here.

#[path = "parent_side/process_group/group.rs"]
mod group;
#[path = "parent_side/tether/groups.rs"]
mod groups;
#[path = "child_side/kernel_signal.rs"]
mod kernel_signal;
#[path = "parent_side/launcher/launch.rs"]
mod launcher;
#[path = "child_side/spawner.rs"]
mod spawner;
#[path = "sys/mod.rs"]
mod sys;
#[path = "tree.rs"]
mod tree;
#[path = "child_side/watch/mod.rs"]
mod watch;

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command};

use crate::parent_side::launcher::Options;
use crate::target::Target;
use crate::{DieWithParent, Error, Signal};

pub(crate) use sys::number;

pub(crate) enum Platform {}

impl Target for Platform {
    type Process = sys::Pidfd;
    type Groups = groups::Groups;

    fn realtime_signals() -> (i32, i32) {
        sys::realtime_signals()
    }

    fn remedy(call: &str, error: &io::Error) -> &'static str {
        sys::remedy(call, error)
    }

    fn parent_id() -> Result<u32, Error> {
        sys::parent_id()
    }

    fn arm(options: DieWithParent) -> Result<(), Error> {
        if options.watch {
            watch::arm(options)
        } else {
            kernel_signal::arm(options)
        }
    }

    fn outlive_parent() -> Result<(), Error> {
        kernel_signal::disarm()
    }

    fn parent_death_signal() -> Result<Option<Signal>, Error> {
        sys::parent_death_signal()
    }

    fn spawner_thread(parent: u32) -> io::Result<Option<u32>> {
        spawner::thread(parent)
    }

    fn arm_before_exec(command: &mut Command, signal: Signal) {
        sys::arm_before_exec(command, signal);
    }

    fn join_group(command: &mut Command, group: u32) {
        sys::join_group(command, group);
    }

    fn signal_group_of_child(child: u32, signal: Signal) -> io::Result<()> {
        group::signal(child, signal)
    }

    fn init_launcher() {
        launcher::init();
    }

    fn launcher_command(options: &Options, executable: Option<&OsStr>, program: &OsStr) -> io::Result<Command> {
        launcher::command(options, executable, program)
    }

    fn run_launcher(options: Options, command: Command) -> ! {
        launcher::run(options, command)
    }

    fn terminate(child: &mut Child) -> io::Result<()> {
        group::terminate(child)
    }
}
