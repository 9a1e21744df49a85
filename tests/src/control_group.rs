//! Control groups that a test makes below its own.

use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::process;
use std::thread;
use std::time::Instant;

use nix::unistd::Pid;

use crate::actor::Actor;
use crate::harness::{deadline, until};

/// A control group. When it is dropped, its processes move out and continue, and it is removed.
#[derive(Debug)]
pub struct ControlGroup {
    folder: PathBuf,
    parent: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// With a hierarchy for each controller.
    One,
    /// With one for all.
    Two,
}

impl ControlGroup {
    /// One in which so much memory may be used.
    pub fn with_memory(bytes: usize) -> Result<ControlGroup> {
        if let Ok(group) = ControlGroup::new(Kind::One, "memory") {
            group.write("memory.limit_in_bytes", &bytes.to_string())?;
            // Where swapping is counted, it ends sooner.
            let _ = group.write("memory.memsw.limit_in_bytes", &bytes.to_string());
            return Ok(group);
        }
        let group = ControlGroup::new(Kind::Two, "memory")?;
        group.write("memory.max", &bytes.to_string())?;
        let _ = group.write("memory.swap.max", "0");
        Ok(group)
    }

    /// One that can be frozen, of the first version.
    pub fn freezer() -> Result<ControlGroup> {
        ControlGroup::new(Kind::One, "freezer")
    }

    /// One that can be frozen, of the second version.
    pub fn freezer_of_the_second_version() -> Result<ControlGroup> {
        ControlGroup::new(Kind::Two, "cgroup.freeze")
    }

    fn new(kind: Kind, controller: &str) -> Result<ControlGroup> {
        let parent = own_folder(kind, controller).ok_or(ErrorKind::NotFound)?;
        let folder = parent.join(format!("pdeathsig-tests-{}", process::id()));
        fs::create_dir(&folder)?;
        let group = ControlGroup { folder, parent, kind };
        let has_files = fs::read_dir(&group.folder)?.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(controller) && name != "memory.pressure"
        });
        if has_files {
            Ok(group)
        } else {
            Err(Error::new(ErrorKind::Unsupported, format!("{controller} cannot be had below one's own control group")))
        }
    }

    fn write(&self, file: &str, value: &str) -> Result<()> {
        fs::write(self.folder.join(file), value)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap()
    }

    /// Puts a process into it.
    pub fn take(&self, actor: &Actor<'_>) {
        self.take_process(actor.pid());
    }

    /// The same for one that is no actor.
    pub fn take_process(&self, process: Pid) {
        self.write("cgroup.procs", &process.to_string()).unwrap();
    }

    /// Whether the kernel has killed in it for want of memory.
    pub fn has_killed(&self) -> bool {
        let file = if self.kind == Kind::One { "memory.oom_control" } else { "memory.events" };
        let events = self.read(file);
        events.lines().any(|line| line.strip_prefix("oom_kill ").is_some_and(|times| times != "0"))
    }

    /// Freezes its processes, and returns when they are frozen.
    pub fn freeze(&self) {
        match self.kind {
            Kind::One => self.write("freezer.state", "FROZEN").unwrap(),
            Kind::Two => self.write("cgroup.freeze", "1").unwrap(),
        }
        until("a frozen control group", || match self.kind {
            Kind::One => (self.read("freezer.state").trim() == "FROZEN").then_some(()),
            Kind::Two => self.read("cgroup.events").contains("frozen 1").then_some(()),
        });
    }

    /// Has them go on.
    pub fn thaw(&self) {
        let _ = match self.kind {
            Kind::One => self.write("freezer.state", "THAWED"),
            Kind::Two => self.write("cgroup.freeze", "0"),
        };
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        self.thaw();
        let begin = Instant::now();
        // A process leaves it a moment after its end.
        while fs::remove_dir(&self.folder).is_err() && begin.elapsed() < deadline() {
            for pid in fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default().lines() {
                let _ = fs::write(self.parent.join("cgroup.procs"), pid);
            }
            thread::yield_now();
        }
    }
}

/// The test's own group, in the hierarchy of that controller.
fn own_folder(kind: Kind, controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mounted = mounts.lines().find_map(|line| {
        let [_, folder, name, options, ..] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        let is_it = match kind {
            Kind::One => name == "cgroup" && options.split(',').any(|option| option == controller),
            Kind::Two => name == "cgroup2",
        };
        is_it.then_some(folder)
    })?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| {
        let [_, controllers, own] = line.splitn(3, ':').collect::<Vec<_>>()[..] else { return None };
        let is_it = match kind {
            Kind::One => controllers.split(',').any(|one| one == controller),
            Kind::Two => controllers.is_empty(),
        };
        is_it.then_some(own)
    })?;
    Some(PathBuf::from(mounted).join(own.trim_start_matches('/')))
}
