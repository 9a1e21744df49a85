//! What the user wrote, and what is wrong with it.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::Arg::{Long, Short, Value};
use pdeathsig::Signal;

use crate::grace;

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Help,
    Version,
    Run(Run),
}

/// A command, and how to run it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) signal: Option<Signal>,
    pub(crate) grace: Option<Duration>,
    pub(crate) watched: Vec<u32>,
    pub(crate) expected_parent: Option<u32>,
    pub(crate) keep_background: bool,
    pub(crate) verbose: bool,
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
}

const LONG_OPTIONS: [&str; 8] =
    ["signal", "grace", "watch-pid", "expect-parent", "keep-background", "verbose", "help", "version"];

/// Reads the arguments, without the name of this program. Options end at the first argument that is none, so those of
/// the command are its own. A mistake is one sentence that says what is wrong and what to do.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut signal, mut grace, mut expected_parent) = (None, None, None);
    let (mut watched, mut keep_background, mut verbose) = (Vec::new(), false, false);
    loop {
        let argument = match parser.next() {
            Ok(Some(argument)) => argument,
            Ok(None) => {
                return Err(
                    "no command was given: write it after the options, as in `pdeathsig make` (see `pdeathsig --help`)"
                        .into(),
                )
            }
            Err(lexopt::Error::UnexpectedValue { option, value }) => {
                return Err(format!("{option} takes no value, but got `{}`: leave it out", value.to_string_lossy()));
            }
            Err(error) => return Err(error.to_string()),
        };
        match argument {
            Short('s') | Long("signal") => signal = Some(signal_in(&value(&mut parser, "--signal", "TERM")?)?),
            Short('k') | Long("grace") => {
                let text = value(&mut parser, "--grace", "5s")?;
                grace = Some(grace::parse(&text).map_err(|error| format!("--grace: {error}"))?);
            }
            Long("watch-pid") => watched.push(pid(&mut parser, "--watch-pid")?),
            Long("expect-parent") => expected_parent = Some(pid(&mut parser, "--expect-parent")?),
            Long("keep-background") => keep_background = true,
            Short('v') | Long("verbose") => verbose = true,
            Short('h') | Long("help") => return Ok(Request::Help),
            Short('V') | Long("version") => return Ok(Request::Version),
            Short(option) => return Err(unknown(&format!("-{option}"), None)),
            Long(option) => return Err(unknown(&format!("--{option}"), nearest(option))),
            Value(program) => {
                // What follows, `--` too, is the command's.
                let arguments = parser.raw_args().map_err(|error| error.to_string())?.collect();
                let run = Run { signal, grace, watched, expected_parent, keep_background, verbose, program, arguments };
                return Ok(Request::Run(run));
            }
        }
    }
}

/// The value of an option. What is no text is no value of any option, and the message about it can still repeat it.
fn value(parser: &mut lexopt::Parser, option: &str, example: &str) -> Result<String, String> {
    let value = parser.value().map_err(|_| format!("{option} lacks its value: write `{option} {example}`"))?;
    Ok(value.to_string_lossy().into_owned())
}

fn signal_in(text: &str) -> Result<Signal, String> {
    text.parse().map_err(|error| format!("--signal: {error}"))
}

fn pid(parser: &mut lexopt::Parser, option: &str) -> Result<u32, String> {
    let text = value(parser, option, "1234")?;
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let pid = text.parse().ok().filter(|pid| all_digits && (1..=i32::MAX as u32).contains(pid));
    pid.ok_or_else(|| {
        format!("{option}: `{text}` is not a process id: write a number from 1 on, such as $$ in a shell")
    })
}

fn unknown(option: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("unknown option `{option}`; did you mean `--{nearest}`?"),
        None => format!("unknown option `{option}`: see `pdeathsig --help`; a command's own options follow its name"),
    }
}

fn nearest(option: &str) -> Option<&'static str> {
    // getopt would take the beginning of a name for it. Not here: a later version may have another option that begins
    // so.
    let longer = LONG_OPTIONS.into_iter().find(|known| option.len() > 2 && known.starts_with(option));
    let distances = LONG_OPTIONS.map(|known| (strsim::osa_distance(known, option), known));
    let near = distances.into_iter().min().filter(|(distance, _)| *distance <= 2);
    longer.or(near.map(|(_, known)| known))
}
