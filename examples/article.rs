//! The command of the article: bash starts `watch`, which starts `top` every two seconds.

use std::env;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt, PtyMaster};

/// bash stays as the parent of `watch` because of the redirection. Without it, bash would exec a lone command in its
/// own place.
///
/// Nothing of it uses your terminal. A process group in the background is stopped by SIGTTOU when it changes the
/// terminal's modes, as `watch` does with the terminal that it finds at its standard error; and a `watch` that is
/// killed never restores them.
pub fn bash() -> Result<Command, Box<dyn Error>> {
    let path = env::var_os("PATH").unwrap_or_default();
    for program in ["bash", "watch", "top"] {
        if !env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
            return Err(format!(
                "`{program}` is not in PATH: install it (`watch` and `top` are in the package procps)"
            )
            .into());
        }
    }
    let mut bash = Command::new("bash");
    // Without a TERM, as in a CI job, `watch` would not start.
    bash.args(["-c", "watch top > top.log"]).env("TERM", "xterm").stderr(Stdio::null());
    Ok(bash)
}

/// A terminal for `top`, which exits at once without one. Yours is left alone.
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
