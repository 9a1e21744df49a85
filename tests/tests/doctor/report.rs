//! The report of the doctor, as a program reads it.

use std::process::{Command, Output};

use pdeathsig_tests::{doctor, skipped, Actor, Harness};
use serde_json::Value;

/// Whether the doctor can ask a process what it has armed; if not, says that the test is skipped.
pub(crate) fn doctor_asks() -> bool {
    cfg!(target_arch = "x86_64") || skipped("the doctor asks processes on x86-64 alone")
}

pub(crate) fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

pub(crate) struct Report(pub(crate) Value);

/// Its report on an actor.
pub(crate) fn report_on(actor: &Actor<'_>) -> Report {
    report_with(actor, &[])
}

pub(crate) fn report_with(actor: &Actor<'_>, options: &[&str]) -> Report {
    report_of(actor.harness(), doctor().arg("--json").args(options).arg(actor.pid().to_string()))
}

pub(crate) fn report_of(harness: &Harness, doctor: &mut Command) -> Report {
    let output = harness.run(doctor);
    assert_eq!(output.status.code(), Some(0), "{}", output_text(&output));
    Report(serde_json::from_slice(&output.stdout).unwrap())
}

pub(crate) fn output_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

impl Report {
    /// Panics unless it has findings with these levels and ids, and none with the ids in `absent`.
    #[track_caller]
    pub(crate) fn assert(&self, expected: &[(&str, &str)], absent: &[&str]) {
        let findings = self.0["findings"].as_array().unwrap();
        let has = |level: &str, id: &str| findings.iter().any(|found| found["id"] == id && found["level"] == level);
        for (level, id) in expected {
            assert!(has(level, id), "no {level} {id} in {:#}", self.0);
        }
        for id in absent {
            assert!(findings.iter().all(|found| found["id"] != *id), "{id} in {:#}", self.0);
        }
    }

    /// The sentence of a finding.
    #[track_caller]
    pub(crate) fn sentence(&self, id: &str) -> &str {
        let findings = self.0["findings"].as_array().unwrap();
        let found = findings.iter().find(|found| found["id"] == id);
        found.unwrap_or_else(|| panic!("no {id} in {:#}", self.0))["sentence"].as_str().unwrap()
    }

    /// The verdict on an event: the outcome, and the signal or an empty string.
    #[track_caller]
    pub(crate) fn verdict(&self, event: &str) -> (&str, &str) {
        let verdicts = self.0["verdicts"].as_array().unwrap();
        let verdict = verdicts.iter().find(|verdict| verdict["event"] == event);
        let verdict = verdict.unwrap_or_else(|| panic!("no {event} in {:#}", self.0));
        (verdict["outcome"].as_str().unwrap(), verdict["signal"].as_str().unwrap_or_default())
    }

    /// What its main thread has armed: a number, null, or an object with the reason why that is unknown.
    pub(crate) fn armed(&self) -> &Value {
        &self.0["facts"]["threads"][0]["armed"]
    }
}
