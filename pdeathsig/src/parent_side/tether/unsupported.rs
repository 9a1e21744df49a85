//! Where there are no tethers: none of these is ever called.

use std::io;
use std::time::Instant;

use crate::{Error, Signal};

#[derive(Debug)]
pub(super) enum Groups {}

impl Groups {
    pub(super) fn new(_: Signal) -> Result<Groups, Error> {
        Err(Error::Unsupported)
    }

    pub(super) fn next(&mut self) -> Result<u32, Error> {
        match *self {}
    }

    pub(super) fn send(&self, _: Signal) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn have_ended_by(&self, _: Option<Instant>) -> io::Result<bool> {
        match *self {}
    }
}
