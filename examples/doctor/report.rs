//! The report, for people and for programs.

use std::io;

use anstream::println;
use serde::Serialize;

use pdeathsig_examples::style::{BAD, BOLD, DIM, GOOD};

use crate::facts::{Facts, State};
use crate::findings::{this, Finding, Level};
use crate::gather::NotThere;
use crate::verdict::{Outcome, Verdict};

/// Columns of a terminal.
const WIDTH: usize = 100;

#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) facts: Facts,
    pub(crate) findings: Vec<Finding>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Report {
    pub(crate) fn json(&self) -> io::Result<()> {
        println!("{}", serde_json::to_string_pretty(self)?);
        Ok(())
    }

    pub(crate) fn text(&self) {
        let Facts { pid, name, state, parent, .. } = &self.facts;
        let state = match state {
            State::Alive => "alive",
            State::Uninterruptible => "waiting for a device",
            State::Stopped => "stopped",
            State::Frozen => "frozen",
            State::Zombie => "dead",
        };
        println!("{BOLD}{name} {pid}{BOLD:#} {DIM}({state}; parent: {}){DIM:#}\n", this(parent));
        self.findings.iter().for_each(show);
        if !self.verdicts.is_empty() {
            println!();
        }
        for Verdict { outcome, sentence, .. } in &self.verdicts {
            let style = match outcome {
                Outcome::Dies | Outcome::Signal => GOOD,
                Outcome::Lives => BOLD,
                Outcome::Unknown => DIM,
            };
            for line in folded(sentence, WIDTH) {
                println!("{style}{line}{style:#}");
            }
        }
    }
}

fn show(finding: &Finding) {
    const INDENT: usize = 9;
    let (style, level) = match finding.level {
        Level::Good => (GOOD, "good"),
        Level::Bad => (BAD, "bad"),
        Level::Note => (DIM, "note"),
        Level::Unknown => (BOLD, "unknown"),
    };
    for (number, line) in folded(&finding.sentence, WIDTH - INDENT).iter().enumerate() {
        let level = if number == 0 { level } else { "" };
        println!("{style}{level:<INDENT$}{style:#}{line}");
    }
    let remedy = finding.remedy.map(|remedy| folded(remedy, WIDTH - INDENT - 2)).unwrap_or_default();
    for (number, line) in remedy.iter().enumerate() {
        println!("{:INDENT$}{DIM}{} {line}{DIM:#}", "", if number == 0 { '→' } else { ' ' });
    }
}

/// In lines that are no longer than that, unless a word is.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// What a program is told that asks for a process that is not there.
#[derive(Serialize)]
struct Missing<'a> {
    pid: i32,
    missing: &'a str,
    sentence: &'a str,
}

/// There is no such process: what there is to know about how one has ended.
pub(crate) fn missing(pid: i32, why: &NotThere, as_json: bool) -> io::Result<()> {
    let (id, sentence) = match why {
        NotThere::Gone => ("gone", format!("There is no process {pid}.")),
        NotThere::Hidden => (
            "hidden",
            format!("The process {pid} is there, but /proc hides it (hidepid): ask as its user, or as root."),
        ),
        NotThere::Thread(process) => ("thread", format!("{pid} is a thread of the process {process}: ask for that.")),
        NotThere::NoProc(error) => ("no-proc", format!("/proc cannot be read: {error}.")),
    };
    if as_json {
        println!("{}", serde_json::to_string_pretty(&Missing { pid, missing: id, sentence: &sentence })?);
        return Ok(());
    }
    println!("{BOLD}{sentence}{BOLD:#}");
    if matches!(why, NotThere::Gone) {
        POST_MORTEM.iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}

const POST_MORTEM: [&str; 15] = [
    "",
    "Whoever has waited for it knows how it ended. What the wait status of a dead child says:",
    "",
    "  killed by signal 9   SIGKILL: the parent-death signal that most programs arm, a tether, the",
    "                       kernel's OOM killer, or somebody's `kill -9`.",
    "  killed by signal 15  SIGTERM: a supervisor, a shutdown, or the parent-death signal, if it is that.",
    "  status 128 + n       from a shell: the signal n; 137 is SIGKILL. 137 from the program itself: one",
    "                       that could not kill itself, being process 1 of a container.",
    "  any other status     It has exited by itself.",
    "",
    "The OOM killer writes to the kernel's log (`dmesg`, `journalctl -k`) and counts `oom_kill` in the",
    "`memory.events` of the control group.",
    "",
    "If there is nothing, and the thread that had spawned it has just ended (as those of a thread pool",
    "do, or of tokio's spawn_blocking), that was the parent-death signal: use `watch` or `Tether`.",
];
