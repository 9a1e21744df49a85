//! The diagnosis, to be read by people or by programs.

use std::io;

use anstream::println;
use anstyle::Style;
use pdeathsig_examples::style::{BAD, BOLD, DIM, GOOD};

use crate::diagnosis::{Diagnosis, Verdict};
use crate::facts::{Facts, Known, Named};
use crate::findings::{Finding, Level};

const WIDTH: usize = 96;
const INDENT: &str = "      ";

pub(crate) fn json(diagnosis: &Diagnosis) -> io::Result<()> {
    println!("{}", serde_json::to_string_pretty(diagnosis)?);
    Ok(())
}

pub(crate) fn text(diagnosis: &Diagnosis) -> io::Result<()> {
    let facts = &diagnosis.facts;
    let itself = if facts.itself { ", this process itself" } else { "" };
    println!("{BOLD}{}{BOLD:#}{itself}", told(&facts.process));
    paragraph("   ", Style::new(), &format!("child of {}", line(facts)));
    println!("   process group {}, session {}", facts.group.id, facts.session);
    for level in [Level::Bad, Level::Good, Level::Note, Level::Unknown] {
        diagnosis.findings.iter().filter(|finding| finding.level == level).for_each(show);
    }
    println!();
    verdict("If its parent dies, it", diagnosis.if_the_parent_dies);
    let thread = match (&facts.spawner_thread, &facts.parent) {
        (Known::Is(thread), Some(parent)) if *thread == parent.pid => "its main thread".into(),
        (Known::Is(thread), _) => format!("its thread {thread}"),
        (Known::Unknown(_), _) => "the thread that spawned it".into(),
    };
    verdict(&format!("If of its parent only {thread} ends, it"), diagnosis.if_only_the_spawning_thread_ends);
    Ok(())
}

fn told(process: &Named) -> String {
    format!("{} {}", process.name, process.pid)
}

fn line(facts: &Facts) -> String {
    if facts.ancestors.is_empty() {
        return "somebody outside the pid namespace".into();
    }
    facts.ancestors.iter().map(told).collect::<Vec<_>>().join(" ← ")
}

fn show(finding: &Finding) {
    let (mark, style) = match finding.level {
        Level::Good => ("good", GOOD),
        Level::Bad => ("bad", BAD),
        Level::Note => ("note", BOLD),
        Level::Unknown => ("?", DIM),
    };
    println!();
    paragraph(&format!("{mark:<5} "), style, &finding.text);
    if let Some(remedy) = finding.remedy {
        paragraph(INDENT, DIM, &format!("→ {remedy}"));
    }
}

/// Wrapped, with what stands before the first line in a style of its own.
fn paragraph(first: &str, style: Style, text: &str) {
    let rest = " ".repeat(first.len());
    let mut start = first;
    let mut line = String::new();
    for word in text.split(' ') {
        if first.len() + line.chars().count() + word.chars().count() > WIDTH {
            println!("{style}{start}{style:#}{}", line.trim_end());
            (start, line) = (&rest, String::new());
        }
        line += word;
        line.push(' ');
    }
    println!("{style}{start}{style:#}{}", line.trim_end());
}

fn verdict(case: &str, verdict: Verdict) {
    let outcome = match verdict {
        Verdict::Dies => "dies.",
        Verdict::Handles => "handles the signal, and lives if it wants to.",
        Verdict::Signalled => "gets a signal: it dies of SIGKILL, and of any that it neither handles nor ignores.",
        Verdict::Lives => "lives on.",
        Verdict::Unknown => "may live or die: that is not known.",
    };
    paragraph(&format!("{case} "), BOLD, outcome);
}
