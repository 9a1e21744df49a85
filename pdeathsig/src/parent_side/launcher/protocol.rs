//! How a host tells the process that it starts that it is a launcher, and of which command: by its arguments.
//!
//! The sign is `argv[0]` **and** the first argument. A dynamic loader that is started as a program (`ld.so ./host`)
//! refuses that argument, so the program never runs unprotected.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use crate::parent_side::launcher::Options;
use crate::Signal;

const NAME: &str = "pdeathsig-launcher";
const SIGN: &str = "--pdeathsig-launcher=";
const VERSION: &str = "1";

/// What the arguments of a process say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// It is none of ours.
    Ordinary,
    Launcher(Order),
    /// Meant for a launcher, and wrong: what to say.
    Wrong(String),
}

/// What a launcher is to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The process that made the command.
    pub(super) owner: u32,
    pub(super) options: Options,
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
}

/// Adds what comes before the program's own arguments.
pub(super) fn write(command: &mut Command, owner: u32, options: &Options, program: &OsStr) {
    command.arg0(NAME).arg(format!("{SIGN}{VERSION}")).arg(format!("--owner={owner}"));
    if let Some(signal) = options.signal {
        command.arg(format!("--signal={}", signal.as_raw()));
    }
    if let Some(grace) = options.grace {
        command.arg(format!("--grace={}.{:09}", grace.as_secs(), grace.subsec_nanos()));
    }
    for pid in &options.watched {
        command.arg(format!("--watch-pid={pid}"));
    }
    if let Some(pid) = options.expected_parent {
        command.arg(format!("--expect-parent={pid}"));
    }
    if options.keep_background {
        command.arg("--keep-background");
    }
    if options.verbose {
        command.arg("--verbose");
    }
    command.arg("--").arg(program);
}

pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Arguments {
    let mut arguments = arguments.into_iter();
    let named = arguments.next().is_some_and(|name| name == NAME);
    let first = arguments.next().unwrap_or_default();
    let version = first.as_bytes().strip_prefix(SIGN.as_bytes());
    match (named, version) {
        (false, None) => Arguments::Ordinary,
        (true, None) => Arguments::Wrong(format!(
            "this program was started as `{NAME}` without the argument `{SIGN}{VERSION}`: start it by its own name, or by \
             `Launcher::command`"
        )),
        (false, Some(_)) => Arguments::Wrong(format!(
            "the argument `{SIGN}…` is for launchers, and this program was not started as `{NAME}`: let nothing change argv[0] of a \
             launcher's command, or name the program to start with `Launcher::executable`"
        )),
        (true, Some(version)) if version != VERSION.as_bytes() => Arguments::Wrong(format!(
            "this program knows version {VERSION} of the launcher's arguments, and was started with version {}: build the \
             launcher and its owner with one version of the crate `pdeathsig`",
            String::from_utf8_lossy(version)
        )),
        (true, Some(_)) => match order(arguments) {
            Some(order) => Arguments::Launcher(order),
            None => Arguments::Wrong("the launcher's arguments cannot be read: they come from `Launcher::command` alone".into()),
        },
    }
}

fn order(mut arguments: impl Iterator<Item = OsString>) -> Option<Order> {
    let mut owner = None;
    let mut options = Options::default();
    loop {
        let argument = arguments.next()?;
        let argument = argument.to_str()?;
        let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
        match name {
            "--owner" => owner = Some(value.parse().ok()?),
            "--signal" => options.signal = Some(Signal::from_raw(value.parse().ok()?).ok()?),
            "--grace" => {
                let (seconds, nanoseconds) = value.split_once('.')?;
                options.grace = Some(Duration::new(seconds.parse().ok()?, nanoseconds.parse().ok()?));
            }
            "--watch-pid" => options.watched.push(value.parse().ok()?),
            "--expect-parent" => options.expected_parent = Some(value.parse().ok()?),
            "--keep-background" => options.keep_background = true,
            "--verbose" => options.verbose = true,
            "--" => break,
            _ => return None,
        }
    }
    Some(Order { owner: owner?, options, program: arguments.next()?, arguments: arguments.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let options = Options {
            signal: Some(Signal::TERM),
            grace: Some(Duration::new(3, 5)),
            watched: vec![4, 5],
            keep_background: true,
            expected_parent: Some(8),
            verbose: true,
        };
        let mut command = Command::new("host");
        write(&mut command, 7, &options, OsStr::new("--"));
        command.args(["--", "x"]);
        let written = [OsString::from(NAME)].into_iter().chain(command.get_args().map(OsStr::to_owned));
        let order = Order { owner: 7, options, program: "--".into(), arguments: arguments(&["--", "x"]) };
        assert_eq!(read(written), Arguments::Launcher(order));
    }

    #[test]
    fn an_ordinary_process_is_no_launcher() {
        assert_eq!(read(arguments(&[])), Arguments::Ordinary);
        assert_eq!(read(arguments(&["host", "run", "--pdeathsig-launcher=1"])), Arguments::Ordinary);
    }

    #[test]
    fn half_a_sign_is_wrong() {
        for words in [
            &["pdeathsig-launcher"][..],
            &["pdeathsig-launcher", "run"],
            &["host", "--pdeathsig-launcher=1", "--owner=1", "--", "true"],
            &["pdeathsig-launcher", "--pdeathsig-launcher=2", "--owner=1", "--", "true"],
            &["pdeathsig-launcher", "--pdeathsig-launcher=1", "--owner=1", "true"],
            &["pdeathsig-launcher", "--pdeathsig-launcher=1", "--", "true"],
            &["pdeathsig-launcher", "--pdeathsig-launcher=1", "--owner=1", "--"],
        ] {
            assert!(matches!(read(arguments(words)), Arguments::Wrong(_)), "{words:?}");
        }
    }
}
