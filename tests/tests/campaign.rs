//! Parents that die at random instants while they spawn leave no undocumented survivor: a part of the campaign.
//!
//! `PDEATHSIG_DEATHS` is their number, `PDEATHSIG_SEED` what they are drawn from. All of it: `cargo run --release
//! --package pdeathsig-tests --bin campaign -- --deaths 200000`.

use std::env;
use std::process::{Command, Output};

use pdeathsig_tests::{skipped, Harness};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const CAMPAIGN: &str = env!("CARGO_BIN_EXE_campaign");

/// Whether the campaign can put itself before the C library's `syscall`; if not, says that the test is skipped.
fn it_runs() -> bool {
    cfg!(not(target_env = "musl")) || skipped("in a program that is linked statically, `syscall` cannot be replaced")
}

fn run(arguments: &[&str]) -> (Output, String) {
    let harness = Harness::open(ACTOR);
    let output = harness.run(Command::new(CAMPAIGN).args(arguments));
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    println!("{printed}{}", String::from_utf8_lossy(&output.stderr));
    harness.assert_no_process_is_left();
    (output, printed)
}

#[test]
fn no_process_survives_unless_documented() {
    if !it_runs() {
        return;
    }
    let deaths = env::var("PDEATHSIG_DEATHS").unwrap_or_else(|_| "600".to_owned());
    let mut arguments = vec!["--deaths", &deaths];
    let seed = env::var("PDEATHSIG_SEED");
    if let Ok(seed) = &seed {
        arguments.extend(["--seed", seed]);
    }
    let (output, printed) = run(&arguments);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains(&format!("{deaths} parents died")), "{printed}");
}

/// What shows that the other test can fail, and that a seed brings the same trial again.
#[test]
fn with_the_bare_call_a_process_survives_and_the_seed_replays_it() {
    if !it_runs() {
        return;
    }
    const BARE: [&str; 4] = ["--ways", "bare", "--timeout", "300"];
    let (output, printed) = run(&[&BARE[..], &["--deaths", "80"]].concat());
    let Some(failed) = printed.lines().find_map(|line| line.split_once("--replay ")) else {
        skipped("none of 80 parents had a survivor on this machine");
        return;
    };
    assert_eq!(output.status.code(), Some(1));
    let (_, printed) = run(&[&BARE[..], &["--deaths", "4", "--replay", failed.1]].concat());
    assert!(printed.contains("way: Bare") && printed.contains("4 parents died"), "{printed}");
}

#[test]
fn invalid_arguments_are_refused() {
    if !it_runs() {
        return;
    }
    for arguments in [&["--ways", "bear"][..], &["--deaths", "many"], &["--fast"]] {
        let (output, _) = run(arguments);
        assert_eq!(output.status.code(), Some(2));
    }
}
