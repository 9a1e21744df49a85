//! The control groups that `processkit` leaves behind when its process is killed. This removes them.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Those that are there already stay. All others are removed, if their processes are gone, by [`sweep`](Self::sweep) and at the end.
pub(crate) struct ControlGroups {
    own: Option<PathBuf>,
    before: HashSet<OsString>,
}

impl ControlGroups {
    pub(crate) fn new() -> ControlGroups {
        let own = own();
        let before = own.iter().flat_map(|own| of_processkit(own)).collect();
        ControlGroups { own, before }
    }

    pub(crate) fn sweep(&self) {
        let Some(own) = &self.own else { return };
        for name in of_processkit(own).filter(|name| !self.before.contains(name)) {
            // `processkit-PID-…`
            let owner = name.to_string_lossy().split('-').nth(1).map(|pid| Path::new("/proc").join(pid));
            if owner.is_some_and(|owner| !owner.exists()) {
                remove(&own.join(name));
            }
        }
    }
}

impl Drop for ControlGroups {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// The kernel refuses to remove one that has processes.
fn remove(group: &Path) {
    let parts = fs::read_dir(group).into_iter().flatten().flatten();
    for part in parts.filter(|part| part.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove(&part.path());
    }
    let _ = fs::remove_dir(group);
}

fn of_processkit(folder: &Path) -> impl Iterator<Item = OsString> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().starts_with("processkit-"))
}

/// The folder of this process's own control group, in the second version's hierarchy.
fn own() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    Some(Path::new(mount.split(' ').nth(4)?).join(own))
}
