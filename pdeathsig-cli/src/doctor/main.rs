//! `pdeathsig-doctor`: why did my child die, or why does it live? It shows what ties a process to its parent, and what
//! happens to it when the parent dies.
//!
//! ```sh
//! pdeathsig-doctor               # itself, as the caller started it
//! pdeathsig-doctor 4242          # process 4242
//! pdeathsig-doctor --json 4242
//! ```

mod arguments;
#[cfg_attr(
    any(pdeathsig_backend = "unsupported", not(any(target_os = "linux", target_os = "android"))),
    path = "unsupported.rs"
)]
mod linux;

use std::env;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use arguments::{Request, HELP};

/// No process was examined: there is none with this pid, or the arguments are wrong.
const NOT_EXAMINED: u8 = 2;

fn main() -> ExitCode {
    let done = match arguments::parse(env::args_os()) {
        Ok(Request::Examine(examination)) => linux::examine(&examination),
        Ok(Request::Help) => print(HELP),
        Ok(Request::Version) => print(concat!("pdeathsig-doctor ", env!("CARGO_PKG_VERSION"))),
        Err(mistake) => {
            eprintln!("pdeathsig-doctor: {mistake}");
            return ExitCode::from(NOT_EXAMINED);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOT_EXAMINED),
        // The reader has what it wanted, as in `pdeathsig-doctor 4242 | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pdeathsig-doctor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> io::Result<bool> {
    writeln!(io::stdout(), "{text}")?;
    Ok(true)
}
