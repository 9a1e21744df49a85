//! Real ways to start something, and what is left of each when its owner dies: without a tie, and with each kind of
//! one. Under a launcher nothing is left, whatever dies. `--nocapture` prints the table.
//!
//! `PDEATHSIG_WAY` is a part of the names of those that are tried.

mod rows;
mod table;

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use pdeathsig_tests::{deadline, is_installed, skipped, Dies, Guard, Harness, Outcome, Trial};

use rows::{Way, WAYS};
use table::Column;

const WAY: &str = env!("CARGO_BIN_EXE_way");

/// Most of a trial is waiting.
const AT_ONCE: usize = 16;
/// What a tie kills is dead by then. A slow machine makes the table friendlier to ties, and no test fail.
const SHORT: Duration = Duration::from_millis(700);

const GO: &str = r#"
package main

import ("os"; "os/exec"; "syscall"; "time")

func main() {
    command := exec.Command(os.Args[1], os.Args[2:]...)
    command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
    if command.Start() != nil { os.Exit(1) }
    time.Sleep(time.Minute)
}
"#;

#[test]
fn nothing_is_left_under_a_launcher_whatever_dies() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let programs = Programs::prepare(harness.folder());
    let part = env::var("PDEATHSIG_WAY").unwrap_or_default();
    let ways: Vec<&Way> = WAYS.iter().filter(|way| way.name.contains(&part) && can_be_tried(way)).collect();
    let start = Instant::now();
    // The plain ones first: they tell which ways this machine has.
    let plain = all(&programs, &ways, &[Column::of(Guard::Plain, Dies::Owner)]);
    let ways: Vec<&Way> = ways.into_iter().filter(|way| starts(way, &plain)).collect();
    let columns: Vec<Column> = Column::ALL.into_iter().skip(1).filter(|column| column.is_available()).collect();
    let mut outcomes = plain;
    outcomes.extend(all(&programs, &ways, &columns));
    println!("{}", table::of(&ways, &outcomes));
    println!("{} ways in {:.0?}", ways.len(), start.elapsed());
    let failures: Vec<String> = ways.iter().flat_map(|way| table::failures(way, &outcomes)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn can_be_tried(way: &Way) -> bool {
    if way.needs_root && !geteuid().is_root() {
        return skipped(&format!("{}: needs root", way.name));
    }
    way.needs.split_whitespace().all(is_installed)
}

/// Whether it comes up without a tie.
fn starts(way: &Way, plain: &Outcomes) -> bool {
    match &plain[&(way.name, Column::of(Guard::Plain, Dies::Owner))] {
        Outcome::NotStarted(errors) => skipped(&format!("{} does not start here: {errors}", way.name)),
        Outcome::Left { .. } => true,
    }
}

pub(crate) type Outcomes = BTreeMap<(&'static str, Column), Outcome>;

fn all(programs: &Programs, ways: &[&'static Way], columns: &[Column]) -> Outcomes {
    // One after another of each way, as some are expensive.
    let trials: Vec<_> = columns.iter().flat_map(|column| ways.iter().map(move |way| (*way, *column))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Outcomes::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((way, column)) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = programs.trial(way, *column).run(WAY);
                    outcomes.lock().unwrap().insert((way.name, *column), outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// What a script may start, where every user may execute it.
struct Programs {
    folder: PathBuf,
    numbers: AtomicUsize,
}

impl Programs {
    fn prepare(folder: &Path) -> Programs {
        for (name, program) in [("leaf", env!("CARGO_BIN_EXE_leaf")), ("daemon", env!("CARGO_BIN_EXE_daemon"))] {
            fs::copy(program, folder.join(name)).unwrap();
        }
        if is_installed("go") {
            fs::write(folder.join("main.go"), GO).unwrap();
            let _ = Command::new("go").args(["build", "-o", "go", "main.go"]).current_dir(folder).status();
        }
        env::set_var("DAEMON", folder.join("daemon"));
        env::set_var("GO", folder.join("go"));
        Programs { folder: folder.to_owned(), numbers: AtomicUsize::new(0) }
    }

    fn trial(&self, way: &Way, column: Column) -> Trial {
        let folder = self.folder.join(self.numbers.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        Trial {
            script: way.script.to_owned(),
            leaves: way.leaves,
            tie: column.tie,
            dies: column.dies,
            folder,
            leaf: self.folder.join("leaf"),
            start: deadline(),
            timeout: if column.tie == Guard::Launcher { deadline() } else { SHORT },
        }
    }
}
