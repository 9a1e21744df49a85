//! Where there is nothing to wait for: none of these is ever called.

use std::time::Duration;

use crate::sys::MainThread;
use crate::{Error, Signal};

#[allow(dead_code)]
pub(crate) struct Plan {
    pub(crate) signal: Signal,
    pub(crate) grace: Option<Duration>,
    pub(crate) process_group: bool,
    pub(crate) descendants: bool,
}

pub(crate) fn arm(main: &MainThread, _: Plan, _: Option<u32>) -> Result<(), Error> {
    match *main {}
}

pub(crate) fn cancel(main: &MainThread) {
    match *main {}
}
