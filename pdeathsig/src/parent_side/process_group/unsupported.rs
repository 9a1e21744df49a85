//! Where nothing is sent.

use std::io;

use crate::{Error, Signal};

pub(super) fn send(_: u32, _: Signal) -> io::Result<()> {
    Err(Error::Unsupported.into())
}
