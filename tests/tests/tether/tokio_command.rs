//! A command of tokio is tethered through the command of std inside it.

use std::os::unix::process::ExitStatusExt;

use pdeathsig::{CommandExt, Signal, Tether};

use crate::harness;

#[tokio::test]
async fn a_command_of_tokio_is_tethered_through_as_std_mut() {
    let _harness = harness();
    let tether = Tether::new(Signal::TERM).unwrap();
    let mut command = tokio::process::Command::new("sleep");
    command.arg("60").as_std_mut().tether(&tether).unwrap();
    let mut child = command.spawn().unwrap();
    drop(tether);
    assert_eq!(child.wait().await.unwrap().signal(), Some(15));

    let mut command = tokio::process::Command::new("sleep");
    command.arg("60").as_std_mut().die_with_parent(Signal::KILL);
    let mut child = command.spawn().unwrap();
    child.kill().await.unwrap();
}
