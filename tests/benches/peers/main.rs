//! This crate beside others, in one run: `BENCHMARKS.md` says how to run it, and what each row means.
//!
//! ```sh
//! cargo bench --locked -p pdeathsig-tests --features peers --bench peers
//! ```
//!
//! One part alone: `-- arming`, `-- latency`, `-- crowds`, `-- spawning`, `-- memory`, `-- building`; its results take the place of its
//! earlier ones. `-- render` measures nothing, and writes tables and plots anew from `results.json`. With `--quick` there are few
//! trials, which say little, and all that is written goes below `target`.

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use nix::sched::{sched_getaffinity, CpuSet};
use nix::unistd::Pid;

use results::{Part, Results};

mod arming;
mod building;
mod control_groups;
mod crowds;
mod family;
mod latency;
mod memory;
mod plots;
mod render;
mod results;
#[path = "../shared/mod.rs"]
mod shared;
mod spawning;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const PEER_CHILD: &str = env!("CARGO_BIN_EXE_peer_child");
const PEER_PARENT: &str = env!("CARGO_BIN_EXE_peer_parent");

/// How much is measured, and what there is.
struct Scale {
    quick: bool,
    /// Two on which processes may be kept, if there are two.
    apart: Option<[usize; 2]>,
    has_setpriv: bool,
}

impl Scale {
    fn trials(&self, trials: usize) -> usize {
        if self.quick {
            trials.div_ceil(20)
        } else {
            trials
        }
    }
}

fn two_processors() -> Option<[usize; 2]> {
    let allowed = sched_getaffinity(Pid::this()).unwrap();
    let mut allowed = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap());
    Some([allowed.next()?, allowed.next()?])
}

type Measure = fn(&Scale) -> Part;

const PARTS: [(&str, Measure); 6] = [
    ("arming", arming::measure),
    ("latency", latency::measure),
    ("crowds", crowds::measure),
    ("spawning", spawning::measure),
    ("memory", memory::measure),
    ("building", building::measure),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let named: Vec<&str> = arguments.iter().map(String::as_str).filter(|name| !name.starts_with("--")).collect();
    for name in &named {
        assert!(*name == "render" || PARTS.iter().any(|(part, _)| part == name), "there is no part {name}");
    }
    let root = Path::new(ROOT);
    let output: PathBuf = if quick { Path::new(env!("CARGO_TARGET_TMPDIR")).join("quick") } else { root.into() };
    let folder = output.join("benchmarks");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("results.json");

    let scale =
        Scale { quick, apart: two_processors(), has_setpriv: results::first_line("setpriv", "--version").is_some() };
    for (name, measure) in PARTS {
        if named.is_empty() || named.contains(&name) {
            println!("{name} …");
            let start = Instant::now();
            let part = Part { date: results::today(), ..measure(&scale) };
            let part = Part { seconds: start.elapsed().as_secs_f64().round(), ..part };
            println!("{name}: {} s\n\n{}", part.seconds, render::part(name, &part));
            // One by one, so that what is measured is kept, whatever becomes of the next.
            let mut results = Results::load(&file);
            results.parts.insert(name.into(), part);
            results.save(&file);
        }
    }
    let results = Results::read(&file);
    render::write(&results, &root.join("BENCHMARKS.md"), &output.join("BENCHMARKS.md"));
    plots::write(&results, &folder);
}
