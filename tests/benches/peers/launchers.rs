//! Programs that start the program they are told to, beside each other: what a run costs, what they hold meanwhile, and how soon a whole
//! tree dies with its owner.

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{children_of, state_of, Harness, Spawned, Spawner, Tie};
use rustix::event::{poll, PollFd, PollFlags, Timespec};

use super::results::{nanoseconds, Part, Table, Unit};
use super::shared::idle_wait::IdleWait;
use super::shared::{at_random, has, CHILD, GIB};
use super::smaps::{bytes_of, rollup};
use super::{Scale, ACTOR, PEER_PARENT};

const MANY_CHILDREN: &str = env!("CARGO_BIN_EXE_many_children");

const TIES: [Tie; 8] =
    [Tie::Nothing, Tie::Setpriv, Tie::Tini, Tie::DumbInit, Tie::Bwrap, Tie::Tether, Tie::Launcher, Tie::Pdeathsig];

/// The same with those that are no launchers, and signal a process group. The first one ends all in each table, so the ratios are to it.
const DEADLY: [Tie; 9] = [
    Tie::Tether,
    Tie::Fork,
    Tie::Bwrap,
    Tie::Launcher,
    Tie::Pdeathsig,
    Tie::Nothing,
    Tie::Setpriv,
    Tie::Tini,
    Tie::DumbInit,
];

/// How many processes are below the owner, without those of a launcher, and how many trials.
const TREES: [(usize, usize); 3] = [(1, 41), (100, 31), (2000, 11)];

/// A tree that lives for longer is not about to die.
const LIMIT: Duration = Duration::from_secs(3);

pub(crate) fn measure(scale: &Scale) -> Part {
    let mut part = Part::default();
    let ties = scale.usable(TIES, &mut part);
    let mut idle_wait = scale.idle_wait(60);
    for (resident, column) in [(0, "a small owner"), (1, "an owner with 1 GiB resident")] {
        if resident > 0 && !has((resident + 1) * GIB, column) {
            part.skip(column, "too little memory");
            continue;
        }
        let memory = black_box(vec![1_u8; resident * GIB]);
        let times = runs(&ties, scale.trials(300), &mut idle_wait);
        drop(black_box(memory));
        part.tables.push(table(&format!("{column}, `true`"), Unit::Nanoseconds, &ties, times));
    }
    hold(&mut part, &ties, scale.trials(9));
    let deadly: Vec<Tie> = DEADLY.into_iter().filter(|tie| ties.contains(tie) || !TIES.contains(tie)).collect();
    for (number, trials) in TREES {
        let what = format!("the death of a tree of {number}");
        if has(number * CHILD, &what) {
            die(&mut part, &deadly, number, scale.trials(trials), &mut idle_wait);
        } else {
            part.skip(&what, "too little memory");
        }
    }
    part
}

fn table(name: &str, unit: Unit, ties: &[Tie], values: Vec<Vec<f64>>) -> Table {
    Table::new(name, unit, ties.iter().map(|tie| tie.title().to_owned()).zip(values))
}

/// From the spawn of `true` until its exit is known.
fn runs(ties: &[Tie], rounds: usize, idle_wait: &mut IdleWait) -> Vec<Vec<f64>> {
    let harness = Harness::open(ACTOR);
    let spawners: Vec<Spawner> = ties.iter().map(|tie| Spawner::new(*tie)).collect();
    let mut times = vec![Vec::new(); ties.len()];
    for round in 0..rounds {
        if round % 30 == 0 {
            idle_wait.await_quiet();
        }
        for turn in at_random(round, ties.len()) {
            let start = Instant::now();
            let child = spawners[turn].spawn(Path::new("true"), &[]);
            spawners[turn].wait(child);
            times[turn].push(nanoseconds(start.elapsed()));
        }
    }
    // Its anchors are this process's children.
    drop(spawners);
    drop(harness);
    times
}

/// What the processes between an owner and its program hold and do, while the program sleeps.
fn hold(part: &mut Part, ties: &[Tie], rounds: usize) {
    const COLUMNS: [(&str, Unit); 5] = [
        ("processes, idle", Unit::Count),
        ("PSS of them, idle", Unit::Bytes),
        ("private to them, idle", Unit::Bytes),
        ("anonymous PSS, idle", Unit::Bytes),
        ("wake-ups in an idle second, idle", Unit::Count),
    ];
    let mut values = COLUMNS.map(|_| vec![Vec::new(); ties.len()]);
    for _ in 0..rounds {
        let harness = Harness::open(ACTOR);
        let spawners: Vec<Spawner> = ties.iter().map(|tie| Spawner::new(*tie)).collect();
        let children: Vec<Spawned> =
            spawners.iter().map(|spawner| spawner.spawn(Path::new("sleep"), &["100"])).collect();
        let between: Vec<Vec<Pid>> = children.iter().map(processes_above_sleep).collect();
        let wakes = || -> Vec<f64> {
            between.iter().map(|between| between.iter().map(|process| switches(*process)).sum()).collect()
        };
        // What is left of the start.
        thread::sleep(Duration::from_millis(300));
        let before = wakes();
        thread::sleep(Duration::from_secs(1));
        let after = wakes();
        for (turn, between) in between.iter().enumerate() {
            let rollups: Vec<String> = between.iter().map(|process| rollup(*process)).collect();
            let all = |fields: &[&str], rollup: &str| fields.iter().map(|field| bytes_of(rollup, field)).sum::<f64>();
            // The sum of nothing is -0.
            let sum = |fields: &[&str]| rollups.iter().map(|rollup| all(fields, rollup)).sum::<f64>() + 0.0;
            let row = [
                between.len() as f64,
                sum(&["Pss"]),
                sum(&["Private_Clean", "Private_Dirty"]),
                sum(&["Pss_Anon", "Pss_Shmem"]),
                after[turn] - before[turn],
            ];
            values.iter_mut().zip(row).for_each(|(column, value)| column[turn].push(value));
        }
        drop(spawners);
        drop(harness);
    }
    for ((name, unit), values) in COLUMNS.into_iter().zip(values) {
        part.tables.push(table(name, unit, ties, values));
    }
}

/// From the child down to the program, without it; each has one child.
fn processes_above_sleep(child: &Spawned) -> Vec<Pid> {
    let Spawned::Plain(child) = child else { panic!("a child of another type than std's") };
    let child = Pid::from_raw(child.id() as i32);
    let is_asleep = |process: Pid| {
        let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        name == "sleep\n" && state_of(process) == Some('S')
    };
    let mut above = Vec::new();
    let mut process = child;
    let end = Instant::now() + Duration::from_secs(60);
    while !is_asleep(process) {
        assert!(Instant::now() < end, "the program of {child} does not start");
        match children_of(process).first().copied() {
            Some(next) => {
                above.push(process);
                process = next;
            }
            // From the start, since it may have executed something else.
            None => {
                above.clear();
                process = child;
                thread::yield_now();
            }
        }
    }
    above
}

/// How often a process has given up the processor, of itself or not.
fn switches(process: Pid) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
    counts.map(|line| line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()).sum()
}

fn die(part: &mut Part, ties: &[Tie], number: usize, trials: usize, idle_wait: &mut IdleWait) {
    let mut times = vec![Vec::new(); ties.len()];
    let mut survivors = vec![Vec::new(); ties.len()];
    for trial in 0..trials {
        for turn in at_random(trial, ties.len()) {
            // Once is enough to see that they live.
            if times[turn].is_empty() && !survivors[turn].is_empty() {
                continue;
            }
            let tree = Tree::start(ties[turn], number);
            idle_wait.await_quiet();
            match tree.die() {
                Ok(time) => {
                    times[turn].push(nanoseconds(time));
                    survivors[turn].push(0.0);
                }
                Err(alive) => survivors[turn].push(alive as f64),
            }
        }
    }
    let processes = if number == 1 { "process" } else { "processes" };
    part.tables.push(table(&format!("{number} {processes}, dead after"), Unit::Nanoseconds, ties, times));
    part.tables.push(table(&format!("survivors of {number}, survivors"), Unit::Count, ties, survivors));
}

/// An owner, and a program that it starts, which forks.
struct Tree {
    owner: Child,
    line: BufReader<ChildStdout>,
    _harness: Harness,
}

impl Tree {
    fn start(tie: Tie, number: usize) -> Tree {
        let harness = Harness::open(ACTOR);
        let mut command = Command::new(PEER_PARENT);
        command.args(["one", tie.name(), MANY_CHILDREN, &(number - 1).to_string()]);
        let mut owner = harness.start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let mut line = BufReader::new(owner.stdout.take().unwrap());
        let mut ready = String::new();
        line.read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "a tree by {}", tie.name());
        Tree { owner, line, _harness: harness }
    }

    /// From the owner's SIGKILL until no process has the other end of the pipe; or how many are alive when the time is over.
    fn die(mut self) -> Result<Duration, usize> {
        let start = Instant::now();
        kill(Pid::from_raw(self.owner.id() as i32), Signal::SIGKILL).unwrap();
        let limit = Timespec::try_from(LIMIT).unwrap();
        let ended = poll(&mut [PollFd::new(self.line.get_ref(), PollFlags::IN)], Some(&limit)).unwrap() == 1;
        let time = start.elapsed();
        self.owner.wait().unwrap();
        if ended {
            assert_eq!(self.line.read(&mut [0]).unwrap(), 0);
            return Ok(time);
        }
        Err(alive())
    }
}

/// How many processes of the tree's program there are.
fn alive() -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let is_one = |folder: &Path| {
        // A wrapper names it too, behind its own name. A zombie has no command line.
        fs::read(folder.join("cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).next() == Some(MANY_CHILDREN.as_bytes()))
    };
    processes.filter(|entry| is_one(&entry.path())).count()
}
