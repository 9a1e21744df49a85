//! The examination of a process: its facts, what they mean, and what happens to it when others die.

mod facts;
mod findings;
mod gather;
mod report;
mod signals;
mod verdicts;

use std::io;
use std::process;

use nix::sys::signal::{SigSet, SigmaskHow};

use crate::arguments::Examination;
use report::Report;

/// Prints the report. Whether there was a process to examine.
pub(crate) fn examine(examination: &Examination) -> io::Result<bool> {
    let own = process::id() as i32;
    let pid = examination.pid.unwrap_or(own);
    // If a signal terminated the doctor in the middle of a question, the asked thread would keep the registers of the
    // question.
    let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    if pid == own {
        // Its own signal mask is one of the facts.
        mask.thread_set_mask()?;
    }
    let gathered = gather::gather(pid, !examination.no_ptrace);
    mask.thread_set_mask()?;
    let facts = match gathered {
        Ok(facts) => facts,
        Err(why) => {
            report::print_missing(pid, &why, examination.json)?;
            return Ok(false);
        }
    };
    let report = Report { findings: findings::findings(&facts), verdicts: verdicts::verdicts(&facts), facts };
    if examination.json {
        report.print_json()?;
    } else {
        report.print_text()?;
    }
    Ok(true)
}
