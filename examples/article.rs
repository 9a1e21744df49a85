//! The command of the article: bash starts `watch`, which starts `top` every two seconds.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt, PtyMaster};

/// bash stays as the parent of `watch` because of the redirection; without one it would execute a lone command in its own place.
pub fn bash() -> Command {
    let mut bash = Command::new("bash");
    // Without a TERM, as in a CI job, `watch` would not start.
    bash.args(["-c", "watch top > top.log"]).env("TERM", "xterm");
    bash
}

/// A terminal for `top`, which ends at once without one. Yours is left alone.
#[derive(Debug)]
pub struct Terminal {
    slave: File,
    _master: PtyMaster,
}

impl Terminal {
    /// Opens one, which is no process's controlling terminal.
    pub fn open() -> Result<Terminal, Box<dyn Error>> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let master = posix_openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave =
            OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(ptsname_r(&master)?)?;
        Ok(Terminal { slave, _master: master })
    }

    /// As a standard input.
    pub fn input(&self) -> io::Result<File> {
        self.slave.try_clone()
    }
}
