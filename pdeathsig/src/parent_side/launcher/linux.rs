//! The launcher on Linux.

use std::ffi::OsStr;
use std::io;
use std::process::{self, Command};

use super::Options;
use crate::Error;

pub(super) fn init() {}

pub(super) fn command(_: &Options, _: Option<&OsStr>, _: &OsStr) -> io::Result<Command> {
    Err(Error::Unsupported.into())
}

pub(super) fn run(_: Options, _: Command) -> ! {
    eprintln!("pdeathsig: {}", Error::Unsupported);
    process::exit(125)
}
