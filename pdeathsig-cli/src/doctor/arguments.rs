//! The command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser};

pub(crate) const USAGE: &str = "usage: pdeathsig-doctor [--json] [--no-ptrace] [PID]";

pub(crate) const HELP: &str = "\
usage: pdeathsig-doctor [OPTIONS] [PID]

Shows what ties a process to its parent, and what happens to the process when the parent dies.
Without PID it examines itself.

  --json         print one object, with the facts, the findings and the verdicts
  --no-ptrace    do not ask the process for its parent-death signal
  -h, --help     print this help
  -V, --version  print the version

The kernel tells a parent-death signal only to the thread that armed it. So the doctor makes each
thread of the process ask for its own, with ptrace. This stops the thread for less than a
millisecond. Most calls that a thread waits in continue by themselves. Some, such as epoll_wait,
return EINTR, as after SIGSTOP and SIGCONT.

Exit status: 0 if the process was examined, whatever was found; 2 if there is no such process, or if
the arguments are wrong.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Examine(Examination),
    Help,
    Version,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Examination {
    /// Without a pid, the doctor examines itself.
    pub(crate) pid: Option<i32>,
    pub(crate) json: bool,
    pub(crate) no_ptrace: bool,
}

/// The first of `arguments` is the name of this program.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut parser = Parser::from_iter(arguments);
    let mut examination = Examination::default();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Arg::Long("json") => examination.json = true,
            Arg::Long("no-ptrace") => examination.no_ptrace = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            Arg::Value(pid) if examination.pid.is_none() => {
                let number = pid.to_str().and_then(|pid| pid.parse().ok()).filter(|pid| *pid > 0);
                examination.pid = Some(number.ok_or_else(|| format!("invalid pid {pid:?}: give a number above 0"))?);
            }
            Arg::Value(second) => return Err(format!("unexpected argument {second:?}: give one pid")),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(Request::Examine(examination))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Request, String> {
        parse(["pdeathsig-doctor"].iter().chain(arguments).map(OsString::from))
    }

    #[test]
    fn a_pid_and_options_come_in_any_order() {
        let both = Request::Examine(Examination { pid: Some(42), json: true, no_ptrace: true });
        assert_eq!(parsed(&["--json", "42", "--no-ptrace"]).unwrap(), both);
        assert_eq!(parsed(&[]).unwrap(), Request::Examine(Examination::default()));
        assert_eq!(parsed(&["-h"]).unwrap(), Request::Help);
        assert_eq!(parsed(&["42", "--version"]).unwrap(), Request::Version);
    }

    #[test]
    fn a_mistake_is_repeated() {
        for (arguments, repeated) in [
            (&["--jsno"][..], "--jsno"),
            (&["1", "2"], "\"2\""),
            (&["one"], "\"one\""),
            (&["0"], "\"0\""),
            (&["-1"], "-1"),
            (&["--json=yes"], "yes"),
            (&["99999999999"], "99999999999"),
        ] {
            let mistake = parsed(arguments).unwrap_err();
            assert!(mistake.contains(repeated), "{mistake}");
        }
    }
}
