//! What was measured, as it stands in `results.json`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use pdeathsig_tests::skipped;
use serde::{Deserialize, Serialize};

/// All parts; the first fields are those of the last run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) date: String,
    pub(crate) kernel: String,
    pub(crate) architecture: String,
    pub(crate) cpus: usize,
    pub(crate) virtual_machine: bool,
    pub(crate) rustc: String,
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) parts: BTreeMap<String, Part>,
}

/// A part, which may be from another run than the others.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) date: String,
    #[serde(default)]
    pub(crate) kernel: String,
    #[serde(default)]
    pub(crate) cpus: usize,
    pub(crate) seconds: f64,
    pub(crate) tables: Vec<Table>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fates: Vec<Fate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) facts: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) skipped: Vec<Skipped>,
}

/// Measurements that are compared with each other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// When and where, if not in the run of the rest of its part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) earlier: Option<String>,
    pub(crate) unit: Unit,
    /// What the ratios are to.
    pub(crate) base: String,
    pub(crate) rows: Vec<Measurement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
    Packages,
    Count,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) name: String,
    pub(crate) trials: usize,
    pub(crate) median: f64,
    pub(crate) quartiles: [f64; 2],
    /// None where the base is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What dies: `dies`, `lives`, or in how many of the trials.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fate {
    pub(crate) name: String,
    pub(crate) trials: usize,
    pub(crate) child: String,
    pub(crate) grandchild: String,
    pub(crate) when_only_the_thread_ends: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) reason: String,
}

impl Part {
    /// With when, where, and in what time it was measured.
    pub(crate) fn with_duration(self, took: Duration) -> Part {
        Part { date: today(), kernel: kernel(), cpus: cpus(), seconds: took.as_secs_f64().round(), ..self }
    }

    /// With the tables of an earlier run that this one has not measured.
    pub(crate) fn with_what_is_missing(mut self, earlier: Option<Part>) -> Part {
        let Some(earlier) = earlier else { return self };
        let of = format!("{}, {} cores", earlier.date, earlier.cpus);
        for mut table in earlier.tables {
            if self.tables.iter().all(|new| new.name != table.name) {
                table.earlier.get_or_insert_with(|| of.clone());
                self.tables.push(table);
            }
        }
        self
    }

    /// Says there and here what was not measured, and why.
    pub(crate) fn skip(&mut self, name: &str, reason: &str) {
        skipped(&format!("{name}: {reason}"));
        self.skipped.push(Skipped { name: name.into(), reason: reason.into() });
    }
}

impl Table {
    /// Of trials by name; the ratios are to the first that has any. Those without are left out.
    pub(crate) fn new(name: &str, unit: Unit, trials: impl IntoIterator<Item = (String, Vec<f64>)>) -> Table {
        let measured = trials.into_iter().filter(|(_, values)| !values.is_empty());
        let mut rows: Vec<Measurement> = measured.map(|(name, values)| Measurement::new(name, values)).collect();
        let base = rows.first().expect("a base");
        let (base, to) = (base.name.clone(), base.median);
        for row in &mut rows {
            row.ratio = (to > 0.0).then(|| row.median / to);
        }
        Table { name: name.into(), earlier: None, unit, base, rows }
    }

    pub(crate) fn row(&self, name: &str) -> Option<&Measurement> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl Measurement {
    fn new(name: String, mut values: Vec<f64>) -> Measurement {
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values[(values.len() * quarter / 4).min(values.len() - 1)];
        Measurement { name, trials: values.len(), median: at(2), quartiles: [at(1), at(3)], ratio: None, note: None }
    }
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_nanos() as f64
}

impl Results {
    /// What there is.
    pub(crate) fn read(file: &Path) -> Results {
        fs::read(file).map_or_else(|_| Results::default(), |text| serde_json::from_slice(&text).unwrap())
    }

    /// The same, with what this run is made on.
    pub(crate) fn load(file: &Path) -> Results {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap();
        Results {
            date: today(),
            kernel: kernel(),
            architecture: std::env::consts::ARCH.into(),
            cpus: cpus(),
            virtual_machine: processor.split_whitespace().any(|word| word == "hypervisor"),
            rustc: first_line("rustc", "--version").expect("rustc"),
            versions: versions(),
            ..Results::read(file)
        }
    }

    pub(crate) fn save(&self, file: &Path) {
        fs::write(file, serde_json::to_string_pretty(self).unwrap() + "\n").unwrap();
    }
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().into()
}

fn cpus() -> usize {
    thread::available_parallelism().unwrap().get()
}

pub(crate) fn today() -> String {
    let date = Command::new("date").args(["-u", "+%F"]).output().unwrap().stdout;
    String::from_utf8(date).unwrap().trim().into()
}

/// What a tool says of itself, if it is there.
pub(crate) fn first_line(tool: &str, option: &str) -> Option<String> {
    let output = Command::new(tool).arg(option).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.into())
}

/// Whose versions count, beside ours.
pub(crate) const PEERS: [&str; 8] =
    ["nix", "rustix", "ur-taking-me-with-you", "command-group", "process-wrap", "processkit", "fork", "process_guard"];

fn versions() -> BTreeMap<String, String> {
    let mut versions: BTreeMap<String, String> =
        PEERS.into_iter().map(|peer| (peer.into(), locked_version(peer))).collect();
    versions.insert("pdeathsig".into(), locked_version("pdeathsig"));
    for (tool, name) in [("setpriv", "util-linux"), ("cc", "cc")] {
        if let Some(line) = first_line(tool, "--version") {
            versions.insert(name.into(), line.rsplit(' ').next().unwrap_or(&line).into());
        }
    }
    for (tool, name) in [("tini", "tini"), ("dumb-init", "dumb-init"), ("bwrap", "bubblewrap")] {
        // One of them says it on its standard error.
        let Ok(output) = Command::new(tool).arg("--version").output() else { continue };
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed).into_owned();
        let version = printed.split_whitespace().map(|word| word.trim_start_matches('v'));
        if let Some(version) = version.into_iter().find(|word| word.starts_with(|first: char| first.is_ascii_digit())) {
            versions.insert(name.into(), version.into());
        }
    }
    versions
}

/// The version of a direct dependency of this package.
pub(crate) fn locked_version(dependency: &str) -> String {
    let lock = fs::read_to_string(Path::new(super::ROOT).join("Cargo.lock")).unwrap();
    let package = |name: &str| {
        let start = format!("name = \"{name}\"\n");
        lock.split("[[package]]\n").find(|block| block.starts_with(&start)).unwrap().to_owned()
    };
    // `"name"`, or `"name version"` where there are several.
    let own = package(env!("CARGO_PKG_NAME"));
    let named = own.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    let named = named.map(|name| name.split_once(' ').unwrap_or((name, "")));
    let (name, version) = named.into_iter().find(|(name, _)| *name == dependency).unwrap();
    if !version.is_empty() {
        return version.into();
    }
    let package = package(name);
    let version = package.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.unwrap().into()
}
