//! A launcher as programs of the tests ask for it: by options, then the program and its arguments.

use std::ffi::OsString;
use std::time::Duration;

use pdeathsig::Launcher;

/// The launcher that the first arguments describe, and the other arguments, of which the first is a program.
pub fn launcher_of_arguments(arguments: impl IntoIterator<Item = OsString>) -> (Launcher, Vec<OsString>) {
    let mut launcher = Launcher::new();
    let mut arguments = arguments.into_iter();
    let mut rest = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().and_then(|value| value.into_string().ok()).expect("an option has a value");
        match argument.to_str() {
            Some("--signal") => launcher = launcher.signal(value().parse().expect("a signal")),
            Some("--grace") => launcher = launcher.grace(Duration::from_millis(value().parse().expect("milliseconds"))),
            Some("--watch-pid") => launcher = launcher.watch_pid(value().parse().expect("a pid")),
            Some("--executable") => launcher = launcher.executable(value()),
            Some("--keep-background") => launcher = launcher.keep_background(),
            Some("--verbose") => launcher = launcher.__verbose(),
            Some("--expect-parent") => launcher = launcher.__expected_parent(value().parse().expect("a pid")),
            _ => {
                rest.push(argument);
                break;
            }
        }
    }
    rest.extend(arguments);
    (launcher, rest)
}
