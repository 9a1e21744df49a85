//! This crate beside others, in one run: `BENCHMARKS.md` says how to run it, and what each row means.
//!
//! ```sh
//! cargo bench --locked -p pdeathsig-tests --features peers --bench peers
//! ```
//!
//! One part alone: `-- arming`, `-- latency`, `-- launchers`, `-- crowds`, `-- spawning`, `-- memory`, `-- building`. Its results replace its
//! earlier ones. `-- render` measures nothing: it writes tables and plots again from `results.json`. With `--quick` there are few
//! trials, and all that is written goes below `target`. With `--busy` it does not wait for a quiet machine. With `--most NUMBER` there are
//! no larger crowds. With `--per-cent NUMBER` there are fewer trials.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use nix::sched::{sched_getaffinity, CpuSet};
use nix::unistd::Pid;
use pdeathsig::Launcher;
use pdeathsig_tests::{Harness, Spawned, Spawner, Tie};

use results::{Part, Results};
use shared::idle_wait::IdleWait;

mod arming;
mod building;
mod control_groups;
mod crowds;
mod family;
mod latency;
mod launchers;
mod memory;
mod plots;
mod render;
mod results;
#[path = "../shared/mod.rs"]
mod shared;
mod smaps;
mod spawning;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const PEER_CHILD: &str = env!("CARGO_BIN_EXE_peer_child");
const PEER_PARENT: &str = env!("CARGO_BIN_EXE_peer_parent");

/// How much is measured, and what there is.
struct Scale {
    /// Of the trials.
    per_cent: usize,
    busy: bool,
    /// The largest crowd.
    most: usize,
    /// Two on which processes may be kept, if there are two.
    apart: Option<[usize; 2]>,
    /// Ties that cannot be used here, and why.
    unusable: Vec<(Tie, String)>,
}

impl Scale {
    fn trials(&self, trials: usize) -> usize {
        (trials * self.per_cent).div_ceil(100)
    }

    fn idle_wait(&self, seconds: u64) -> IdleWait {
        IdleWait(Duration::from_secs(if self.busy { 0 } else { seconds }))
    }

    /// Those ties that can be used here. The others are named as skipped.
    fn usable(&self, ties: impl IntoIterator<Item = Tie>, part: &mut Part) -> Vec<Tie> {
        let mut usable: Vec<Tie> = ties.into_iter().collect();
        for (tie, reason) in &self.unusable {
            if usable.contains(tie) {
                part.skip(tie.title(), reason);
                usable.retain(|other| other != tie);
            }
        }
        usable
    }
}

fn two_processors() -> Option<[usize; 2]> {
    let allowed = sched_getaffinity(Pid::this()).unwrap();
    let mut allowed = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap());
    Some([allowed.next()?, allowed.next()?])
}

/// Tries each wrapper once. The command `pdeathsig` is built, and found first in `PATH`.
fn unusable() -> Vec<(Tie, String)> {
    let harness = Harness::open(ACTOR);
    let command = escargot::CargoBuild::new().manifest_path(Path::new(ROOT).join("pdeathsig-cli/Cargo.toml"));
    let command = command.bin("pdeathsig").release().run().unwrap();
    let mut path = command.path().parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    env::set_var("PATH", path);
    let mut unusable = Vec::new();
    for tie in Tie::all() {
        let Some((program, _)) = tie.wrapper() else { continue };
        if !pdeathsig_tests::is_installed(program) {
            unusable.push((tie, format!("`{program}` is not installed")));
            continue;
        }
        let Spawned::Plain(mut child) = Spawner::new(tie).spawn(Path::new("true"), &[]) else { continue };
        let status = child.wait().unwrap();
        if !status.success() {
            unusable.push((tie, format!("it does not run `true` here: {status}")));
        }
    }
    drop(harness);
    unusable
}

/// The number behind an option.
fn number(arguments: &[String], option: &str) -> Option<usize> {
    let place = arguments.iter().position(|argument| argument == option)?;
    Some(arguments.get(place + 1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{option} NUMBER")))
}

type Measure = fn(&Scale) -> Part;

const PARTS: [(&str, Measure); 7] = [
    ("arming", arming::measure),
    ("latency", latency::measure),
    ("launchers", launchers::measure),
    ("crowds", crowds::measure),
    ("spawning", spawning::measure),
    ("memory", memory::measure),
    ("building", building::measure),
];

fn main() {
    // For the ties that are launchers of this executable.
    Launcher::init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let is_name = |text: &&str| !text.starts_with("--") && text.parse::<usize>().is_err();
    let named: Vec<&str> = arguments.iter().map(String::as_str).filter(is_name).collect();
    for name in &named {
        assert!(*name == "render" || PARTS.iter().any(|(part, _)| part == name), "there is no part {name}");
    }
    let root = Path::new(ROOT);
    let output: PathBuf = if quick { Path::new(env!("CARGO_TARGET_TMPDIR")).join("quick") } else { root.into() };
    let folder = output.join("benchmarks");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("results.json");

    let scale = Scale {
        per_cent: number(&arguments, "--per-cent").unwrap_or(if quick { 5 } else { 100 }),
        busy: arguments.iter().any(|argument| argument == "--busy"),
        most: number(&arguments, "--most").unwrap_or(usize::MAX),
        apart: two_processors(),
        unusable: unusable(),
    };
    for (name, measure) in PARTS {
        if named.is_empty() || named.contains(&name) {
            println!("{name} …");
            let start = Instant::now();
            let part = measure(&scale).with_duration(start.elapsed());
            println!("{name}: {} s\n\n{}", part.seconds, render::part(name, &part));
            // One by one, so that what is measured is kept, whatever becomes of the next.
            let mut results = Results::load(&file);
            let earlier = results.parts.remove(name);
            results.parts.insert(name.into(), part.with_what_is_missing(earlier));
            results.save(&file);
        }
    }
    let results = Results::read(&file);
    render::write(&results, &root.join("BENCHMARKS.md"), &output.join("BENCHMARKS.md"));
    plots::write(&results, &folder);
}
