//! While the program runs, a launcher holds no descriptor but standard error, no folder, and little memory.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::stat::{fstat, SFlag};
use nix::sys::statfs::{statfs, TMPFS_MAGIC};
use nix::unistd::Pid;
use pdeathsig_tests::{skipped, Harness, Launched};

use crate::harness;

fn launch(harness: &Harness) -> Launched {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    let host = host.args(["spawn", "sh", "-c", "echo up; read line; exit 7"]).current_dir(harness.folder());
    Launched::by_host(harness, host.process_group(0), 1)
}

/// Number and target of each descriptor.
fn descriptors(process: Pid) -> Vec<(i32, String)> {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
    let mut all: Vec<_> = entries
        .filter_map(|entry| {
            let number = entry.file_name().into_string().unwrap().parse().unwrap();
            Some((number, fs::read_link(entry.path()).ok()?.display().to_string()))
        })
        .collect();
    all.sort();
    all
}

fn is_own(target: &str) -> bool {
    ["anon_inode:[signalfd]", "anon_inode:[pidfd]", "pidfd:"].iter().any(|own| target.starts_with(own))
}

#[test]
fn no_inherited_descriptor_but_outers_standard_error() {
    let harness = harness();
    // The test's own, without CLOEXEC: every child inherits it.
    let file = fs::File::open("/proc/self/status").unwrap();
    assert!(fstat(&file).is_ok_and(|stat| SFlag::from_bits_truncate(stat.st_mode).contains(SFlag::S_IFREG)));
    let inherited = nix::unistd::dup(&file).unwrap();
    let mut launched = launch(&harness);
    let outers: Vec<_> = descriptors(launched.outer).into_iter().filter(|(_, target)| !is_own(target)).collect();
    assert_eq!(outers.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2], "{outers:?}");
    let inners: Vec<_> = descriptors(launched.inner).into_iter().filter(|(_, target)| !is_own(target)).collect();
    assert_eq!(inners, []);
    // The program has what it has without a launcher.
    let programs = descriptors(launched.program);
    assert!(programs.iter().any(|(_, target)| target.ends_with("/status")), "{programs:?}");
    assert!(!programs.iter().any(|(_, target)| is_own(target)), "{programs:?}");
    drop(inherited);
    launched.close_input();
    assert_eq!(launched.line(), "exit 7\n");
}

#[test]
fn the_working_directory_is_the_root() {
    let harness = harness();
    let mut launched = launch(&harness);
    for process in [launched.outer, launched.inner] {
        assert_eq!(fs::read_link(format!("/proc/{process}/cwd")).unwrap().to_str(), Some("/"));
    }
    assert_eq!(fs::read_link(format!("/proc/{}/cwd", launched.program)).unwrap(), harness.folder());
    launched.close_input();
    assert_eq!(launched.line(), "exit 7\n");
}

/// Its own memory in KiB, with its share of what both have in common, and without files, which others have mapped too.
fn own(process: Pid) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap();
    let of = |line: &str| line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    rollup
        .lines()
        .filter(|line| ["Pss_Anon:", "Pss_Shmem:"].iter().any(|name| line.starts_with(name)))
        .filter_map(of)
        .sum()
}

#[test]
fn both_together_own_at_most_800_kib_and_never_wake() {
    let file_system = statfs(env!("CARGO_BIN_EXE_run_launcher")).unwrap().filesystem_type();
    if file_system == TMPFS_MAGIC {
        skipped("the programs' file system is in memory, and its pages count as shared memory");
        return;
    }
    let harness = harness();
    let mut launched = launch(&harness);
    let both = [launched.outer, launched.inner];
    let wakes = |process: Pid| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        status.lines().filter(|line| line.contains("ctxt_switches")).map(str::to_owned).collect::<Vec<_>>()
    };
    thread::sleep(Duration::from_millis(200));
    let before = both.map(wakes);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(both.map(wakes), before);
    let memory = both.map(own);
    eprintln!("{memory:?} KiB");
    assert!(memory.iter().sum::<u64>() <= 800, "{memory:?}");
    launched.close_input();
    assert_eq!(launched.line(), "exit 7\n");
}
