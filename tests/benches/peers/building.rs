//! What a dependency adds to a build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::results::{locked_version, nanoseconds, Part, Table, Unit};
use super::shared::at_random;
use super::{Scale, ROOT};

/// What a project depends on: its title, the crate, and what else stands beside the version.
const PROJECTS: [(&str, &str, &str); 11] = [
    ("no dependency", "", ""),
    ("**`pdeathsig` without the attribute**", "pdeathsig", "default-features = false"),
    ("**`pdeathsig`**", "pdeathsig", ""),
    ("`nix`, feature `process`", "nix", "features = [\"process\"]"),
    ("`rustix`, feature `process`", "rustix", "features = [\"process\"]"),
    ("`ur-taking-me-with-you`", "ur-taking-me-with-you", ""),
    ("`command-group`", "command-group", ""),
    ("`process-wrap`, feature `std`", "process-wrap", "features = [\"std\"]"),
    ("`fork`", "fork", ""),
    ("`process_guard`", "process_guard", ""),
    ("`processkit`", "processkit", ""),
];

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let folder = tempfile::tempdir().unwrap();
    let mut projects = Vec::new();
    for (index, project) in PROJECTS.into_iter().enumerate() {
        match Project::new(&folder.path().join(index.to_string()), project) {
            Ok(made) => projects.push(made),
            Err(reason) => part.skip(&format!("building {}", project.0), &reason),
        }
    }
    let mut idle_wait = scale.idle_wait(60);
    let mut times = vec![Vec::new(); projects.len()];
    for round in 0..scale.trials(5) {
        for turn in at_random(round, projects.len()) {
            idle_wait.await_quiet();
            times[turn].push(nanoseconds(projects[turn].build()));
        }
    }
    let names = || projects.iter().map(|project| project.title.to_owned());
    let packages = projects.iter().map(|project| vec![project.packages as f64]);
    part.tables.push(Table::new("packages", Unit::Packages, names().zip(packages)));
    part.tables.push(Table::new("build from clean", Unit::Nanoseconds, names().zip(times)));
    part
}

struct Project {
    title: &'static str,
    folder: PathBuf,
    packages: usize,
}

impl Project {
    fn new(folder: &Path, (title, name, more): (&'static str, &str, &str)) -> Result<Project, String> {
        let dependency = match name {
            "" => String::new(),
            "pdeathsig" => {
                let path = Path::new(ROOT).join("pdeathsig").canonicalize().unwrap();
                format!("pdeathsig = {{ path = {path:?}, {more} }}")
            }
            _ => format!("{name} = {{ version = \"={}\", {more} }}", locked_version(name)),
        };
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();
        let manifest =
            "[package]\nname = \"project\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\n";
        fs::write(folder.join("Cargo.toml"), format!("{manifest}{dependency}\n")).unwrap();
        // Cargo removes what is not needed, and keeps the versions of all else.
        fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let mut project = Project { title, folder: folder.to_owned(), packages: 0 };
        project.cargo(&["fetch"]).or_else(|_| project.cargo(&["fetch", "--offline"]))?;
        let tree =
            project.cargo(&["tree", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])?;
        let tree = String::from_utf8(tree.stdout).unwrap();
        let packages: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        // The project itself is one of them.
        project.packages = packages.len() - 1;
        Ok(project)
    }

    fn build(&self) -> Duration {
        let target = self.folder.join("target");
        if target.exists() {
            fs::remove_dir_all(&target).unwrap();
        }
        let start = Instant::now();
        self.cargo(&["build", "--offline", "--locked"]).unwrap();
        start.elapsed()
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Output, String> {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(&self.folder).env("CARGO_TARGET_DIR", self.folder.join("target"));
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
            command.env_remove(variable);
        }
        let output = command.output().map_err(|error| format!("no cargo: {error}"))?;
        if output.status.success() {
            return Ok(output);
        }
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        let reason = printed.lines().find(|line| line.starts_with("error")).unwrap_or("cargo fails");
        Err(format!("cargo {}: {reason}", arguments[0]))
    }
}
