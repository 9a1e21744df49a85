use std::time::Duration;

use pdeathsig::{die_with_parent, parent_death_signal};

#[die_with_parent(
    SIGUSR1,
    watch,
    grace = Duration::from_secs(5),
    process_group,
    descendants,
    watch_pid = std::os::unix::process::parent_id(),
    expected_parent = std::os::unix::process::parent_id(),
    on_error = "warn",
    crate = pdeathsig,
)]
fn main() {
    // The thread waits for the parent; the kernel's signal is not armed.
    assert_eq!(parent_death_signal().unwrap(), None);
    assert_eq!(std::fs::read_dir("/proc/self/task").unwrap().count(), 2);
}
