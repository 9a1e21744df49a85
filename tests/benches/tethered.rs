//! What a tether costs: the death of many children beside that by the parent-death signal, the spawning of a child beside that of a
//! plain one, and the making of the tether itself.
//!
//! ```sh
//! cargo bench --features bench --bench tethered
//! ```
//!
//! It takes ten minutes on a quiet machine, 3 GiB of memory for ten thousand processes, and 5 GiB for one that has 4 GiB resident; what
//! there is no memory for is skipped. One part alone: `-- dying`, `-- spawning`, `-- calling`.
//!
//! **Dying.** An owner spawns children, programs that sleep, tied to it by one `Tether`, by `Command::die_with_parent`, or by a
//! `pre_exec` that calls `prctl(PR_SET_PDEATHSIG)` and nothing else. When all sleep and nothing else runs, it is killed. From then
//! on, three times are taken, the last in trials of its own:
//!
//! - *dead*: until a pipe ends that the owner and every child have the other end of. A process closes it after it gave back its
//!   memory. Nothing is reaped meanwhile, so this is the time that the deaths take by themselves, and not that of the
//!   reaper.
//! - *dead, then reaped*: until this process, a subreaper, has then reaped them all, and the tether's anchors.
//! - *reaped as they die*: until it has reaped them all, waiting for any child from the kill on, as an init does. Its walks
//!   through its children are part of this time.
//!
//! The owner, this process and the children that are not tethered are in one process group, and all are in one session. (That is the
//! best case for those that are not tethered. Ten thousand of them in another group than the subreaper's take twice as long: each
//! walks through it.)
//!
//! **Spawning.** `Command::spawn` of a program that ends at once, which is waited for outside the time. The call of `tether` counts.
//! Beside the medians are the means of all trials but the slowest hundredth: in these is what a tether does once every so many
//! commands. In the same turns, `Tether::new`, its drop, and a plain child's spawn and end. What fork copies for resident
//! memory is less where the kernel gives out huge pages unasked.
//!
//! **Calling.** `command.tether(&tether)` by itself.
//!
//! The trials of all that is compared take turns, and the order in which they do changes.

use std::hint::black_box;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use pdeathsig::{CommandExt as _, Tether};
use pdeathsig_tests::{needs_root, Harness};

mod shared;

use shared::family::Family;
use shared::idle_wait::IdleWait;
use shared::{has, median, ratio, turns, CHILD, GIB};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
const OWNER: &str = env!("CARGO_BIN_EXE_owner");
const PLAIN: &str = env!("CARGO_BIN_EXE_plain");

/// A user other than root.
const USER: u32 = 4321;

/// How children are tied to their owner.
const TIES: [&str; 3] = ["tether", "die_with_parent", "bare"];

/// How many children, and how many trials of each tie and each way to reap.
const CROWDS: [(usize, usize); 3] = [(100, 31), (1000, 15), (10_000, 5)];

/// How many GiB are resident, and every how many rounds there is a spawn by fork.
const RESIDENT: [(usize, usize); 3] = [(0, 1), (1, 20), (4, 40)];

const ROUNDS: usize = 1000;

fn mean(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.truncate(times.len() - times.len() / 100);
    times.iter().sum::<Duration>() / times.len() as u32
}

fn start(harness: &Harness, owner: &mut Command, tie: &str, number: usize) -> Family {
    Family::start(harness, owner.args([tie, &number.to_string()]), number).unwrap()
}

/// Times of one crowd's children, each.
#[derive(Clone, Copy)]
struct Each {
    dead: Duration,
    dead_then_reaped: Duration,
    reaped_as_they_die: Duration,
    spawned: Duration,
}

type Take = fn(&Each) -> Duration;

fn crowd(number: usize, trials: usize, idle_wait: &mut IdleWait) -> [Each; 3] {
    let mut times: [[Vec<Duration>; 4]; 3] = Default::default();
    let mut tethered = None;
    for trial in 0..trials {
        for turn in turns(trial, 2 * TIES.len()) {
            let (tie, reap_as_they_die) = (turn % TIES.len(), turn >= TIES.len());
            let harness = Harness::open(ACTOR);
            let family = start(&harness, &mut Command::new(OWNER), TIES[tie], number);
            let report = family.report;
            idle_wait.await_quiet();
            let [dead, dead_then_reaped, reaped_as_they_die, spawned] = &mut times[tie];
            spawned.push(report.spawned_in);
            if reap_as_they_die {
                reaped_as_they_die.push(family.die_and_be_reaped().reaped);
                continue;
            }
            let death = family.die();
            dead.push(death.dead);
            dead_then_reaped.push(death.reaped);
            if tie == 0 {
                tethered = Some((report.descriptors, death.anchors));
            }
        }
    }
    let ((descriptors, at_start), groups) = tethered.unwrap();
    println!("{number:>6} by a tether: {groups} groups; {descriptors} descriptors in the owner, {at_start} without the tether");
    times.map(|times| {
        let [dead, dead_then_reaped, reaped_as_they_die, spawned] = times.map(|times| median(times) / number as u32);
        Each { dead, dead_then_reaped, reaped_as_they_die, spawned }
    })
}

fn dying() {
    let mut idle_wait = IdleWait(Duration::from_secs(1200));
    let mut rows = Vec::new();
    for (number, trials) in CROWDS {
        if has(number * CHILD, &format!("the death of {number}")) {
            rows.push((number, trials, crowd(number, trials, &mut idle_wait)));
        }
    }
    let Some((fewest, _, first)) = rows.first() else { return };
    let [tether, die_with_parent, bare] = TIES;
    let tables: [(&str, Take); 4] = [
        ("from the owner's SIGKILL until all are dead", |each| each.dead),
        ("until all are dead and then reaped", |each| each.dead_then_reaped),
        ("until all are reaped, as they die", |each| each.reaped_as_they_die),
        ("before that: from the first spawn to the last", |each| each.spawned),
    ];
    for (what, time) in tables {
        println!(
            "\n{what}: medians, each child; then tether's ratio to the others, and the ratios to {fewest} children"
        );
        println!(
            "       trials {tether:>9} {die_with_parent:>17} {bare:>9}   to {die_with_parent}   to {bare} \
             | {tether:>7} {die_with_parent:>17} {bare:>7}"
        );
        for (number, trials, each) in &rows {
            let [tether, die_with_parent, bare] = each.each_ref().map(time);
            let [first_tether, first_die_with_parent, first_bare] = first.each_ref().map(time);
            println!(
                "{number:>6} {trials:>6} {tether:>9.1?} {die_with_parent:>17.1?} {bare:>9.1?}   {:>18.2}   {:>7.2} \
                 | {:>7.2} {:>17.2} {:>7.2}",
                ratio(tether, die_with_parent),
                ratio(tether, bare),
                ratio(tether, first_tether),
                ratio(die_with_parent, first_die_with_parent),
                ratio(bare, first_bare),
            );
        }
    }
    die_as_an_ordinary_user(&mut idle_wait);
}

/// The kernel limits how many descriptors a user, but root, has in flight.
fn die_as_an_ordinary_user(idle_wait: &mut IdleWait) {
    const NUMBER: usize = 10_000;
    const NAME: &str = "the death of an ordinary user's 10000";
    if !needs_root() || !has(NUMBER * CHILD, NAME) {
        return;
    }
    let mut times = Vec::new();
    println!();
    for _ in 0..3 {
        let harness = Harness::open(ACTOR);
        // Where that user may read it.
        let owner = harness.folder().join("owner");
        fs::copy(OWNER, &owner).unwrap();
        let family = start(&harness, Command::new(owner).uid(USER).gid(USER), TIES[0], NUMBER);
        let (descriptors, at_start) = family.report.descriptors;
        idle_wait.await_quiet();
        let death = family.die();
        println!(
            "{NUMBER} of uid {USER} by a tether: {} groups; {descriptors} descriptors in the owner, {at_start} without the tether; \
             all dead in {:.1?} each",
            death.anchors,
            death.dead / NUMBER as u32
        );
        times.push(death.dead);
    }
    println!("median {:.1?} each", median(times) / NUMBER as u32);
}

/// What is done in turn.
const PLAINLY: usize = 0;
const TETHERED: usize = 1;
const BY_FORK: usize = 2;
const MAKING: usize = 3;

/// The times of what is done in two steps: of the first, and of both.
#[derive(Default)]
struct Times {
    first: Vec<Duration>,
    both: Vec<Duration>,
}

impl Times {
    fn take<T>(&mut self, first: impl FnOnce() -> T, second: impl FnOnce(T)) {
        let start = Instant::now();
        let result = first();
        self.first.push(start.elapsed());
        second(result);
        self.both.push(start.elapsed());
    }
}

fn spawn_in_turn(every: usize) -> [Times; 4] {
    let harness = Harness::open(ACTOR);
    let tether = Tether::new(pdeathsig::Signal::KILL).unwrap();
    let mut times: [Times; 4] = Default::default();
    for round in 0..ROUNDS {
        for turn in turns(round, times.len()) {
            let times = &mut times[turn];
            let mut command = Command::new(PLAIN);
            match turn {
                MAKING => times.take(|| Tether::new(pdeathsig::Signal::KILL).unwrap(), drop),
                BY_FORK if round % every != 0 => {}
                _ => {
                    if turn == BY_FORK {
                        command.die_with_parent(pdeathsig::Signal::KILL);
                    }
                    let first = || {
                        if turn == TETHERED {
                            command.tether(&tether).unwrap();
                        }
                        harness.start(&mut command)
                    };
                    times.take(first, |mut child| assert!(child.wait().unwrap().success()));
                }
            }
        }
    }
    times
}

fn spawning() {
    let mut rows = Vec::new();
    for (resident, every) in RESIDENT {
        if resident == 0 || has((resident + 1) * GIB, &format!("spawning with {resident} GiB resident")) {
            let memory = black_box(vec![1_u8; resident * GIB]);
            let times = spawn_in_turn(every);
            drop(black_box(memory));
            rows.push((resident, times.map(|times| (times.first, times.both))));
        }
    }
    println!("\nCommand::spawn: medians (means), and ratios to plain");
    println!(
        "GiB resident trials             plain          tethered   ratio         | trials   die_with_parent   ratio"
    );
    for (resident, times) in &rows {
        let [plain, tethered, by_fork] = [PLAINLY, TETHERED, BY_FORK].map(|turn| times[turn].0.clone());
        let trials = [plain.len(), by_fork.len()];
        let means = [&plain, &tethered, &by_fork].map(|times| mean(times.clone()));
        let medians = [plain, tethered, by_fork].map(median);
        let [plain, tethered, by_fork] = [0, 1, 2].map(|turn| format!("{:.1?} ({:.1?})", medians[turn], means[turn]));
        let ratios =
            [1, 2].map(|turn| format!("{:.2} ({:.2})", ratio(medians[turn], medians[0]), ratio(means[turn], means[0])));
        println!(
            "{resident:>12} {:>6} {plain:>17} {tethered:>17}   {:13} | {:>6} {by_fork:>17}   {}",
            trials[0], ratios[0], trials[1], ratios[1]
        );
    }
    println!("\na tether beside a plain child: medians of {ROUNDS}, and ratios to the spawn");
    println!("GiB resident   spawn   spawn and wait   Tether::new   Tether::new and drop");
    for (resident, times) in rows {
        let [plain, _, _, making] = times.map(|(first, both)| (median(first), median(both)));
        let beside = |time| format!("{time:.1?}   {:.2}", ratio(time, plain.0));
        println!(
            "{resident:>12} {:>7.1?} {:>16} {:>13} {:>22}",
            plain.0,
            beside(plain.1),
            beside(making.0),
            beside(making.1)
        );
    }
}

fn calling() {
    // Fewer than a group takes.
    const CALLS: u32 = 100;
    let mut command = Command::new(PLAIN);
    let batch = || {
        let tether = Tether::new(pdeathsig::Signal::KILL).unwrap();
        let start = Instant::now();
        for _ in 0..CALLS {
            command.tether(&tether).unwrap();
        }
        start.elapsed()
    };
    let time = median(std::iter::repeat_with(batch).take(ROUNDS).collect());
    println!("\ncommand.tether(&tether): {:.1?}, median of {ROUNDS} times {CALLS} calls", time / CALLS);
}

fn main() {
    let parts: [(&str, fn()); 3] = [("dying", dying), ("spawning", spawning), ("calling", calling)];
    let named: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    for name in &named {
        assert!(parts.iter().any(|(part, _)| part == name), "there is no part {name}");
    }
    for (part, run) in parts {
        if named.is_empty() || named.iter().any(|name| name == part) {
            run();
        }
    }
}
