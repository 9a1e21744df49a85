//! The owner of a script.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pdeathsig::{CommandExt, Launcher, Signal, Tether};

use super::{Guard, Trial};

/// An end of its own.
const LIFETIME: Duration = Duration::from_secs(120);
/// After the program's own end, so that this trial is over soon.
const GRACE: Duration = Duration::from_millis(300);

/// Prints the pid of its child, and waits for the death of either.
pub(super) fn run(trial: &Trial) {
    let end = Instant::now() + LIFETIME;
    let tether = (trial.tie == Guard::Tether).then(|| Tether::new(Signal::KILL).unwrap());
    let mut child = spawn(trial, tether.as_ref());
    println!("{}", child.id());
    child.wait().unwrap();
    crate::sleep_until(end);
}

fn spawn(trial: &Trial, tether: Option<&Tether>) -> Child {
    let mut command = match trial.tie {
        Guard::Plain | Guard::Tether => Command::new("sh"),
        Guard::Setpriv => wrapped("setpriv", &["--pdeathsig", "KILL"]),
        Guard::Tini => wrapped("tini", &["-s", "-p", "SIGKILL", "--"]),
        Guard::Launcher => Launcher::new().grace(GRACE).command("sh").unwrap(),
    };
    if let Some(tether) = tether {
        command.tether(tether).unwrap();
    }
    command.args(["-c", &trial.script]).stdout(Stdio::null()).spawn().unwrap()
}

fn wrapped(wrapper: &str, options: &[&str]) -> Command {
    let mut command = Command::new(wrapper);
    command.args(options).arg("sh");
    command
}
