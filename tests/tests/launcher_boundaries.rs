//! Every boundary of a launcher's start: one of its processes is held before and after each system call, from its birth
//! until the program runs, and a process is killed there. Then the held process goes on, and nothing is left in any
//! cell.
//!
//! ```sh
//! PDEATHSIG_BOUNDARIES=all cargo test --test launcher_boundaries -- --nocapture
//! ```
//!
//! Without the variable, a sample of the stops is taken.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{children_of, only_child, state_of, until, Boundary, Harness, Tracee};
use syscalls::Sysno;

/// With a descendant that no process group and no parent-death signal reaches.
const PROGRAM: [&str; 3] = ["sh", "-c", "setsid sleep 1000 & exec sleep 1000"];

/// Which process is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Owner,
    Outer,
    Inner,
    /// The child of *inner*, until it has executed the program.
    Program,
}

/// Which one is killed while another, or it itself, is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Killed {
    Owner,
    OwnersGroup,
    Outer,
    Inner,
}

const KILLED: [Killed; 4] = [Killed::Owner, Killed::OwnersGroup, Killed::Outer, Killed::Inner];

/// What is promised.
const TABLE: &str = "\
held    | owner        | owner's group | outer        | inner
Owner   | nothing left | nothing left  | nothing left | nothing left
Outer   | nothing left | nothing left  | nothing left | nothing left
Inner   | nothing left | nothing left  | nothing left | nothing left
Program | nothing left | nothing left  | nothing left | nothing left
";

/// Where a process was held.
struct Place {
    call: Option<Sysno>,
    through: bool,
    has_cloned: bool,
    /// The call answered 0.
    is_executed: bool,
}

impl Place {
    const BIRTH: Place = Place { call: None, through: true, has_cloned: false, is_executed: false };

    /// Goes on, and tells whether the process is beyond the start there.
    fn is_last_after(&mut self, at: Boundary, held: Held) -> bool {
        match at {
            Boundary::Entry(number, _) => {
                let has_executed = held == Held::Program && self.call == Some(Sysno::execve) && self.is_executed;
                self.call = Sysno::new(number as usize);
                self.through = false;
                self.has_cloned |= number == libc::SYS_clone;
                has_executed
                    || match held {
                        Held::Owner => matches!(number, libc::SYS_waitid | libc::SYS_wait4),
                        Held::Outer => self.has_cloned && number == libc::SYS_ppoll,
                        Held::Inner => number == libc::SYS_ppoll,
                        Held::Program => false,
                    }
            }
            Boundary::Exit(answer) => {
                self.through = true;
                self.is_executed = answer == 0;
                false
            }
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.call {
            None => write!(f, "at birth"),
            Some(call) => write!(f, "{} {call}", if self.through { "after" } else { "before" }),
        }
    }
}

enum Trial {
    /// The process had come to the end before that stop.
    Over,
    /// What should be killed is not there yet.
    TooEarly,
    Ended,
    Survived(Place),
}

struct Start {
    owner: Pid,
    outer: Pid,
    inner: Option<Pid>,
    held: Tracee,
}

/// Starts a host, and holds one of its processes at its birth.
// The harness reaps what is left.
#[allow(clippy::zombie_processes)]
fn start(harness: &Harness, how: &str, held: Held) -> Start {
    let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
    host.arg(how).args(PROGRAM).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut host = harness.start(&mut host);
    let owner = Pid::from_raw(host.id() as i32);
    let mut tracee = Tracee::seize_thread(owner);
    // It goes on at the end of its input.
    drop(host.stdin.take());
    if held == Held::Owner {
        let outer = tracee.pass_birth();
        return Start { owner, outer, inner: None, held: tracee.alone() };
    }
    let outer = tracee.follow();
    let outer_pid = outer.pid();
    if held == Held::Outer {
        return Start { owner, outer: outer_pid, inner: None, held: outer.alone() };
    }
    // Its exit signal makes it a clone.
    let inner = outer.follow_to_thread();
    let inner_pid = inner.pid();
    let held = if held == Held::Inner { inner } else { inner.follow() };
    Start { owner, outer: outer_pid, inner: Some(inner_pid), held: held.alone() }
}

fn trial(held: Held, killed: Killed, stop: usize, timeout: Duration) -> Trial {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let mut start = start(&harness, "after-input", held);
    let mut place = Place::BIRTH;
    for _ in 0..stop {
        if place.is_last_after(start.held.step(), held) {
            return Trial::Over;
        }
    }
    let inner = match (held, killed) {
        // Where the owner is held, the others go on.
        (Held::Owner, Killed::Inner) => Some(only_child(start.outer)),
        _ => start.inner.or_else(|| children_of(start.outer).into_iter().next()),
    };
    let victim = match killed {
        Killed::Owner | Killed::OwnersGroup => start.owner,
        Killed::Outer => start.outer,
        Killed::Inner => match inner {
            Some(inner) => inner,
            None => return Trial::TooEarly,
        },
    };
    let sent =
        if killed == Killed::OwnersGroup { killpg(victim, Signal::SIGKILL) } else { kill(victim, Signal::SIGKILL) };
    sent.unwrap();
    until("a death", || matches!(state_of(victim), None | Some('Z' | 'X')).then_some(()));
    drop(start.held);
    match harness.killed_orphans_within(timeout) {
        Some(_) => Trial::Ended,
        None => Trial::Survived(place),
    }
}

/// The stops of a process: which ones of them are taken.
fn stops(held: Held) -> Vec<usize> {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let mut start = start(&harness, "after-input", held);
    let mut place = Place::BIRTH;
    let mut own = None;
    let mut number = 0;
    loop {
        // The first call that the launcher itself makes. What comes before is the loader's and the C library's.
        if place.call == Some(Sysno::unshare) {
            own.get_or_insert(number);
        }
        if place.is_last_after(start.held.step(), held) {
            break;
        }
        number += 1;
    }
    let all = env::var_os("PDEATHSIG_BOUNDARIES").is_some_and(|which| which == "all");
    let own = own.unwrap_or(0);
    let is_sampled = |stop: usize| stop % if stop < own { 31 } else { 4 } == 0;
    let sample = |stop: &usize| all || is_sampled(*stop);
    (0..=number).filter(sample).collect()
}

/// How many stops there were, and where something was left.
fn sweep(held: Held, killed: Killed, stops: &[usize]) -> (usize, Vec<String>) {
    let mut held_at = 0;
    let mut left = Vec::new();
    for stop in stops {
        // The second survivor is waited for no longer.
        let timeout = Duration::from_secs(if left.is_empty() { 15 } else { 1 });
        match trial(held, killed, *stop, timeout) {
            Trial::Over | Trial::TooEarly => {}
            Trial::Ended => held_at += 1,
            Trial::Survived(place) => {
                held_at += 1;
                left.push(place.to_string());
            }
        }
    }
    (held_at, left)
}

/// The guide's first table of cases; its last column is the launcher's.
const GUIDE: &str = include_str!("../../pdeathsig/doc/guide/choosing.md");

#[test]
fn the_guide_says_that_the_program_dies_whenever_its_parent_does() {
    let table: Vec<&str> = GUIDE
        .lines()
        .skip_while(|line| !line.starts_with("| the parent dies"))
        .take_while(|line| line.starts_with('|'))
        .collect();
    let last = |row: &&str| row.trim_end_matches('|').rsplit('|').next().unwrap().trim().to_owned();
    assert_eq!(last(&table[0]), "[`Launcher`]");
    assert_eq!(table[2..].iter().map(last).collect::<Vec<_>>(), ["dies"; 3]);
}

#[test]
fn nothing_is_left_wherever_a_process_is_killed() {
    let mut table = String::from("held    | owner        | owner's group | outer        | inner\n");
    let mut counted: BTreeMap<Held, [usize; 4]> = BTreeMap::new();
    for held in [Held::Owner, Held::Outer, Held::Inner, Held::Program] {
        let taken = stops(held);
        let cells = KILLED.map(|killed| {
            let (stops, left) = sweep(held, killed, &taken);
            assert!(stops > 0, "{held:?} is held at no stop");
            counted.entry(held).or_default()[killed as usize] = stops;
            if left.is_empty() {
                "nothing left".to_owned()
            } else {
                format!("SURVIVORS {}", left.join(", "))
            }
        });
        let [owner, group, outer, inner] = cells;
        writeln!(table, "{:7} | {owner} | {group:13} | {outer} | {inner}", format!("{held:?}")).unwrap();
    }
    for (held, stops) in counted {
        println!("{held:?} is held: {stops:?} stops where the owner, its group, outer, inner is killed");
    }
    println!("{table}");
    assert_eq!(table, TABLE);
}

/// Else a signal to the owner's group could kill all of the launcher, and leave what the program has started.
#[test]
fn the_program_starts_only_when_inner_has_left_the_owners_group() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let mut start = start(&harness, "after-input", Held::Inner);
    let leaves = |at| matches!(at, Boundary::Entry(libc::SYS_setsid | libc::SYS_setpgid, _));
    while !leaves(start.held.step()) {}
    let program = only_child(start.inner.unwrap());
    until("the program, asleep", || state_of(program).filter(|state| *state == 'S'));
    assert_eq!(fs::read_to_string(format!("/proc/{program}/comm")).unwrap(), "pdeathsig\n");
    killpg(start.owner, Signal::SIGKILL).unwrap();
    drop(start.held);
    harness.killed_orphans();
}

/// What shows that the other tests can fail.
#[test]
fn without_a_launcher_the_program_is_left() {
    for stop in [0, 20] {
        let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
        // Here the child of the owner is the program.
        let mut start = start(&harness, "after-input-plain", Held::Outer);
        for _ in 0..stop {
            start.held.step();
        }
        kill(start.owner, Signal::SIGKILL).unwrap();
        drop(start.held);
        assert_eq!(harness.killed_orphans_within(Duration::from_millis(300)), None, "stop {stop}");
    }
}
