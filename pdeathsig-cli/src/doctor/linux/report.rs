//! The report, as text or as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::facts::{Facts, State};
use super::findings::{this, Finding, Level};
use super::gather::NotThere;
use super::verdicts::{Outcome, Verdict};

/// Columns of the text.
const WIDTH: usize = 100;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) facts: Facts,
    pub(crate) findings: Vec<Finding>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Report {
    pub(crate) fn print_json(&self) -> io::Result<()> {
        print_json(self)
    }

    pub(crate) fn print_text(&self) -> io::Result<()> {
        // Without colours where the output is no terminal.
        let mut out = anstream::stdout().lock();
        let Facts { pid, name, state, parent, .. } = &self.facts;
        let state = match state {
            State::Alive => "alive",
            State::Uninterruptible => "in uninterruptible sleep",
            State::Stopped => "stopped",
            State::Frozen => "frozen",
            State::Zombie => "dead",
        };
        writeln!(out, "{BOLD}{name} {pid}{BOLD:#} {DIM}({state}; parent: {}){DIM:#}\n", this(parent))?;
        for finding in &self.findings {
            print_finding(&mut out, finding)?;
        }
        if !self.verdicts.is_empty() {
            writeln!(out)?;
        }
        for Verdict { outcome, sentence, .. } in &self.verdicts {
            let style = match outcome {
                Outcome::Dies | Outcome::Signal => GOOD,
                Outcome::Lives => BOLD,
                Outcome::Unknown => DIM,
            };
            for line in wrapped(sentence, WIDTH) {
                writeln!(out, "{style}{line}{style:#}")?;
            }
        }
        Ok(())
    }
}

fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

fn print_finding(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    const INDENT: usize = 9;
    let (style, level) = match finding.level {
        Level::Good => (GOOD, "good"),
        Level::Bad => (BAD, "bad"),
        Level::Note => (DIM, "note"),
        Level::Unknown => (BOLD, "unknown"),
    };
    for (number, line) in wrapped(&finding.sentence, WIDTH - INDENT).iter().enumerate() {
        let level = if number == 0 { level } else { "" };
        writeln!(out, "{style}{level:<INDENT$}{style:#}{line}")?;
    }
    let remedy = finding.remedy.map(|remedy| wrapped(remedy, WIDTH - INDENT - 2)).unwrap_or_default();
    for (number, line) in remedy.iter().enumerate() {
        writeln!(out, "{:INDENT$}{DIM}{} {line}{DIM:#}", "", if number == 0 { '→' } else { ' ' })?;
    }
    Ok(())
}

/// Lines of at most `width` characters. A longer word gets a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
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

/// The JSON for a process that does not exist.
#[derive(Serialize)]
struct Missing<'a> {
    pid: i32,
    missing: &'a str,
    sentence: &'a str,
}

/// Says why a process was not examined, and how to find out how a process died.
pub(crate) fn print_missing(pid: i32, why: &NotThere, as_json: bool) -> io::Result<()> {
    let (id, sentence) = match why {
        NotThere::Gone => ("gone", format!("There is no process {pid}.")),
        NotThere::Hidden => (
            "hidden",
            format!("Process {pid} exists, but /proc hides it (hidepid): run the doctor as its user or as root."),
        ),
        NotThere::Thread(process) => {
            ("thread", format!("{pid} is a thread of process {process}: examine that process."))
        }
        NotThere::NoProc(error) => ("no-proc", format!("/proc cannot be read ({error}): mount it.")),
    };
    if as_json {
        return print_json(&Missing { pid, missing: id, sentence: &sentence });
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{BOLD}{sentence}{BOLD:#}")?;
    if matches!(why, NotThere::Gone) {
        write!(out, "{HOW_IT_DIED}")?;
    }
    Ok(())
}

const HOW_IT_DIED: &str = "
The process that waited for it knows how it died. The wait status of a dead child means:

  killed by signal 9   SIGKILL: the usual parent-death signal, a tether, a launcher, the kernel's
                       OOM killer, or `kill -9`.
  killed by signal 15  SIGTERM: a supervisor, a shutdown, or a parent-death signal of this kind.
  status 128 + n       From a shell: signal n. So 137 is SIGKILL. If the program itself exits with
                       137, it was process 1 of a container, which cannot kill itself.
  status 125, and a    A launcher that failed. 126 and 127: it could not execute the program, or did
  line on stderr       not find it.
  any other status     It exited by itself.

The OOM killer writes to the kernel's log (`dmesg`, `journalctl -k`) and counts `oom_kill` in the
`memory.events` of the control group.

If none of this shows anything, and the thread that spawned it has just exited (threads of a pool
do, and those of tokio's spawn_blocking), it was the parent-death signal: use `watch`, `Launcher` or
`Tether`.
";
