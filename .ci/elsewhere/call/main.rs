//! Without the attribute.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use pdeathsig::{die_with_parent, parent_death_signal, CommandExt, Signal, Tether};

fn main() {
    die_with_parent(Signal::TERM).unwrap();
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));

    let tether = Tether::new(Signal::KILL).unwrap();
    let mut child = Command::new("sleep").arg("60").tether(&tether).unwrap().spawn().unwrap();
    drop(tether);
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
}
