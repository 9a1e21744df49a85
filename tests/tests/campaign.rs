//! A slice of the campaign: parents that die at random instants while they spawn.
//!
//! `PDEATHSIG_DEATHS` is their number, `PDEATHSIG_SEED` what they are drawn from. All of it: `cargo run --release
//! --package pdeathsig-tests --bin campaign -- --deaths 200000`.

use std::env;
use std::process::{Command, Output};

use pdeathsig_tests::{skipped, Stage};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const CAMPAIGN: &str = env!("CARGO_BIN_EXE_campaign");

fn run(arguments: &[&str]) -> (Output, String) {
    let stage = Stage::open(ACTOR);
    let output = stage.run(Command::new(CAMPAIGN).args(arguments));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    stage.assert_nobody_is_left();
    (output, said)
}

#[test]
fn nobody_survives_but_as_is_documented() {
    let deaths = env::var("PDEATHSIG_DEATHS").unwrap_or_else(|_| "600".to_owned());
    let mut arguments = vec!["--deaths", &deaths];
    let seed = env::var("PDEATHSIG_SEED");
    if let Ok(seed) = &seed {
        arguments.extend(["--seed", seed]);
    }
    let (output, said) = run(&arguments);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{deaths} parents died")), "{said}");
}

/// What shows that the other test can fail, and that a seed brings the same trial again.
#[test]
fn with_the_bare_call_somebody_survives_and_a_seed_replays_it() {
    const NAME: &str = "with_the_bare_call_somebody_survives_and_a_seed_replays_it";
    const BARE: [&str; 4] = ["--ways", "bare", "--patience", "300"];
    let (output, said) = run(&[&BARE[..], &["--deaths", "80"]].concat());
    let Some(failed) = said.lines().find_map(|line| line.split_once("--replay ")) else {
        skipped(NAME, "none of 80 parents had a survivor on this machine");
        return;
    };
    assert_eq!(output.status.code(), Some(1));
    let (_, said) = run(&[&BARE[..], &["--deaths", "4", "--replay", failed.1]].concat());
    assert!(said.contains("way: Bare") && said.contains("4 parents died"), "{said}");
}

#[test]
fn what_it_is_not_told_rightly_it_refuses() {
    for arguments in [&["--ways", "bear"][..], &["--deaths", "many"], &["--fast"]] {
        let (output, _) = run(arguments);
        assert_eq!(output.status.code(), Some(2));
    }
}
