//! A stdio server as language servers are: it exits at the end of its input, and has a helper.
//!
//! `stdio_server armed|descendants`: with the attribute alone and `descendants`, or armed, with a tether for its
//! helpers.

use std::io::{self, Read};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use pdeathsig::{die_with_parent, CommandExt, DieWithParent, Signal, Tether};

// Reaped by the harness.
#[allow(clippy::zombie_processes)]
fn main() {
    let way = env::args().nth(1).expect("usage: stdio_server armed|descendants");
    let mut helper = Command::new("sleep");
    helper.arg("60");
    let _tether = match way.as_str() {
        "armed" => {
            die_with_parent(Signal::KILL).unwrap();
            let tether = Tether::new(Signal::KILL).unwrap();
            helper.tether(&tether).unwrap();
            Some(tether)
        }
        "descendants" => {
            DieWithParent::new(Signal::TERM).descendants().grace(Duration::from_secs(2)).arm().unwrap();
            None
        }
        _ => panic!("{way}?"),
    };
    let _helper = helper.spawn().unwrap();
    // It is a file, so that the host need not read.
    fs::write(env::var_os("STDIO_SERVER_IS_UP").unwrap(), "").unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
