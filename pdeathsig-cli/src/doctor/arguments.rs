//! The command line.

use std::ffi::OsString;

use lexopt::Arg::{Long, Short, Value};
use lexopt::{Error, Parser};

pub(crate) const HELP: &str = "\
Usage: pdeathsig-doctor [OPTIONS] [PID]

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

const LONG_OPTIONS: [&str; 4] = ["json", "no-ptrace", "help", "version"];

/// The first of `arguments` is the name of this program. A mistake is one sentence that says what is wrong and what to
/// do.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut parser = Parser::from_iter(arguments);
    let mut examination = Examination::default();
    loop {
        let argument = match parser.next() {
            Ok(Some(argument)) => argument,
            Ok(None) => return Ok(Request::Examine(examination)),
            Err(Error::UnexpectedValue { option, value }) => {
                return Err(format!("{option} takes no value, but got `{}`: leave it out", value.to_string_lossy()));
            }
            Err(error) => return Err(error.to_string()),
        };
        match argument {
            Long("json") => examination.json = true,
            Long("no-ptrace") => examination.no_ptrace = true,
            Short('h') | Long("help") => return Ok(Request::Help),
            Short('V') | Long("version") => return Ok(Request::Version),
            Short(option) => return Err(format!("unknown option `-{option}`: see `pdeathsig-doctor --help`")),
            Long(option) => return Err(unknown(option)),
            Value(pid) if examination.pid.is_none() => examination.pid = Some(number(&pid.to_string_lossy())?),
            Value(second) => {
                let second = second.to_string_lossy();
                return Err(format!(
                    "unexpected argument `{second}`: give one pid, and call again for another process"
                ));
            }
        }
    }
}

fn number(text: &str) -> Result<i32, String> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let pid = text.parse().ok().filter(|pid| all_digits && *pid > 0);
    pid.ok_or_else(|| format!("`{text}` is not a process id: write a number from 1 on"))
}

fn unknown(option: &str) -> String {
    let near = LONG_OPTIONS.into_iter().find(|known| strsim::osa_distance(known, option) <= 2);
    match near {
        Some(near) => format!("unknown option `--{option}`; did you mean `--{near}`?"),
        None => format!("unknown option `--{option}`: see `pdeathsig-doctor --help`"),
    }
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
            (&["--jsno"][..], "`--json`"),
            (&["--jsno"], "`--jsno`"),
            (&["1", "2"], "`2`"),
            (&["one"], "`one`"),
            (&["0"], "`0`"),
            (&["+1"], "`+1`"),
            (&[""], "``"),
            (&["-1"], "`-1`"),
            (&["--json=yes"], "yes"),
            (&["99999999999"], "99999999999"),
        ] {
            let mistake = parsed(arguments).unwrap_err();
            assert!(mistake.contains(repeated), "{mistake}");
        }
    }
}
