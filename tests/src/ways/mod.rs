//! Ways to start something, each tried with an owner, a tie and a death: what is left then.
//!
//! A trial is a process of its own, a subreaper, so that what is left belongs to it. It starts an owner, which starts a
//! script of `sh`. The script starts *leaves* in the way that is tried, and stays. A leaf calls the trial, then sleeps.

mod leaf;
mod owner;
mod trial;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the owner ties its child to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Guard {
    /// Not at all.
    Plain,
    /// `setpriv --pdeathsig KILL`.
    Setpriv,
    /// `tini -s -p SIGKILL`.
    Tini,
    /// A `Tether`.
    Tether,
    /// A `Launcher`.
    Launcher,
}

/// What gets SIGKILL when all leaves are up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Dies {
    /// The owner alone.
    Owner,
    /// The process group of the owner.
    OwnersGroup,
    /// The launcher's process that the owner knows.
    Outer,
    /// Its child, the parent of the program.
    Inner,
    /// The script.
    Program,
}

impl Dies {
    /// Each process alone.
    pub const EACH: [Dies; 4] = [Dies::Owner, Dies::Outer, Dies::Inner, Dies::Program];
}

/// One trial.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// What `sh` runs. It finds the command of a leaf in `$LEAF`, a folder of its own in `$DIR`.
    pub script: String,
    /// How many leaves it starts.
    pub leaves: usize,
    /// How the script is tied to its owner.
    pub tie: Guard,
    /// What dies.
    pub dies: Dies,
    /// An empty folder.
    pub folder: PathBuf,
    /// The program file of a leaf.
    pub leaf: PathBuf,
    /// How long the leaves may take to come up.
    pub start: Duration,
    /// How long what is to die may take.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The leaves did not come up. What was printed on standard error.
    NotStarted(String),
    /// What is left.
    Left {
        /// Leaves.
        leaves: usize,
        /// The names and numbers of all that is left, leaves included.
        all: Vec<String>,
    },
}

impl Trial {
    /// Runs it in a process of the program `way`.
    pub fn run(&self, way: &str) -> Outcome {
        let mut command = Command::new(way);
        command.arg("trial").arg(serde_json::to_string(self).unwrap());
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "a trial failed: {}: {self:?}", output.status);
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// What the program `way` does.
pub fn run_way() {
    pdeathsig::Launcher::init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["trial", trial] => {
            let outcome = trial::run(&serde_json::from_str(trial).unwrap());
            println!("{}", serde_json::to_string(&outcome).unwrap());
        }
        ["owner", trial] => owner::run(&serde_json::from_str(trial).unwrap()),
        _ => panic!("usage: way trial|owner TRIAL"),
    }
}

pub use leaf::run as run_leaf;
