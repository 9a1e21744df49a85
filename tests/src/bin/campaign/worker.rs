//! One trial after another, on a subreaper of its own, so that every process left belongs to the trial.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{fcntl, FcntlArg, OFlag};
use nix::sys::prctl;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{children_of, kernel};
use serde::{Deserialize, Serialize};

use crate::trial::{Cause, Trial, Way};

/// What a worker gets as its argument.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) seed: u64,
    /// The trials are drawn from `seed` and these numbers; if the seed is that of one trial, from it alone.
    pub(crate) numbers: Vec<u64>,
    pub(crate) is_one_trial: bool,
    pub(crate) ways: Vec<Way>,
    pub(crate) timeout: Duration,
}

/// What came of the trials of one way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Of parents.
    pub(crate) deaths: u64,
    /// Of children, and of theirs, that ended as they were to.
    pub(crate) ended: u64,
    /// Children that recorded another process as their parent, and lived.
    pub(crate) too_late: u64,
    /// Other processes that lived.
    pub(crate) survivors: u64,
    /// Processes that ended in another way, as by an error of arming.
    pub(crate) errors: u64,
}

impl Tally {
    pub(crate) fn failures(self) -> u64 {
        self.survivors + self.errors
    }
}

/// What a worker answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) tallies: BTreeMap<Way, Tally>,
    /// The seeds of the trials that had survivors, or errors.
    pub(crate) failed: Vec<u64>,
}

/// `worker TASK`; the answer is a line of JSON.
pub(crate) fn run(arguments: &[String]) {
    pdeathsig::die_with_parent(pdeathsig::Signal::KILL).unwrap();
    prctl::set_child_subreaper(true).unwrap();
    let task: Task = serde_json::from_str(&arguments[0]).unwrap();
    let mut answer = Answer::default();
    for number in &task.numbers {
        let seed = if task.is_one_trial { task.seed } else { fastrand::Rng::with_seed(task.seed ^ number).u64(..) };
        let tally = answer.tallies.entry(Trial::drawn_from(seed, &task.ways).way).or_default();
        let before = tally.failures();
        run_trial(seed, &task, tally);
        if tally.failures() > before {
            answer.failed.push(seed);
        }
    }
    println!("{}", serde_json::to_string(&answer).unwrap());
}

fn run_trial(seed: u64, task: &Task, tally: &mut Tally) {
    let trial = Trial::drawn_from(seed, &task.ways);
    let ways = task.ways.iter().map(|way| way.name());
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["parent", &seed.to_string()]).args(ways).stdin(Stdio::null()).stdout(Stdio::piped());
    // It dies, and may say that it panics.
    if trial.way.is_launcher() {
        command.process_group(0);
    }
    let mut parent = command.stderr(Stdio::null()).spawn().unwrap();
    let records = parent.stdout.take().unwrap();
    fcntl(records.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let owner = await_deaths(&mut parent, trial.way, tally);
    tally.deaths += 1;
    Orphans { records, owner, signals: signals(trial), late: BTreeSet::new() }.end(trial.way, task.timeout, tally);
}

/// Of the parent, or of processes of its launchers. Then it is stopped, and still an owner.
fn await_deaths(parent: &mut Child, way: Way, tally: &mut Tally) -> Option<Pid> {
    if !way.owner_lives() {
        parent.wait().unwrap();
        return None;
    }
    let pid = Pid::from_raw(parent.id() as i32);
    if let WaitStatus::Stopped(..) = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap() {
        return Some(pid);
    }
    // A launcher did not end.
    tally.errors += 1;
    None
}

/// What children may die of.
fn signals(trial: Trial) -> Vec<i32> {
    let mut signals = vec![Signal::SIGKILL as i32, trial.signal.as_raw()];
    // A child between vfork and exec shares its parent's memory. If the parent dumps core, Linux 5.10 kills the child
    // with the same signal. Linux 6.1 does not.
    if kernel() < (6, 1) {
        match trial.cause {
            Cause::Aborted => signals.push(Signal::SIGABRT as i32),
            Cause::Segfault => signals.push(Signal::SIGSEGV as i32),
            Cause::Killed | Cause::Exit => {}
        }
    }
    signals
}

/// The orphans that this process has adopted.
struct Orphans {
    records: ChildStdout,
    /// A live parent, which is none of them.
    owner: Option<Pid>,
    signals: Vec<i32>,
    /// Processes that recorded this process as their parent.
    late: BTreeSet<Pid>,
}

impl Orphans {
    /// Reaps them all. One that came too late is killed at once, any other when the timeout is over.
    fn end(mut self, way: Way, timeout: Duration, tally: &mut Tally) {
        let start = Instant::now();
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)) {
                Ok(WaitStatus::StillAlive) if self.are_all_gone() => return,
                Ok(WaitStatus::StillAlive) => {}
                Err(Errno::ECHILD) => return,
                Ok(WaitStatus::Signaled(pid, signal, _)) if self.signals.contains(&(signal as i32)) => {
                    tally.ended += u64::from(!self.late.remove(&pid));
                    continue;
                }
                // The leader of a tether's group, a process of a launcher, or of a child that became a daemon.
                Ok(WaitStatus::Exited(_, 0)) => continue,
                // It could not join that any more, and has not executed its program.
                Ok(WaitStatus::Exited(_, 127)) if way == Way::Tether => continue,
                // `outer` was dead before `inner` could be tied to it.
                Ok(WaitStatus::Exited(_, 125)) if way == Way::LauncherOuter => continue,
                Ok(status) => {
                    eprintln!("{status:?}");
                    tally.errors += 1;
                    continue;
                }
                Err(error) => panic!("{error}"),
            }
            if way.may_come_too_late() {
                tally.too_late += self.end_the_late();
            }
            if start.elapsed() > timeout {
                tally.survivors += kill_all(self.owner);
                return;
            }
            thread::yield_now();
        }
    }

    /// Whether the live parent is the only child. All that its launchers left has come to this process. It is killed
    /// then.
    fn are_all_gone(&self) -> bool {
        let Some(owner) = self.owner.filter(|owner| children_of(Pid::this()) == [*owner]) else { return false };
        kill(owner, Signal::SIGKILL).unwrap();
        waitpid(owner, None).unwrap();
        true
    }

    /// Kills those that report this process as the parent that they recorded.
    fn end_the_late(&mut self) -> u64 {
        let mut ended = 0;
        for (pid, recorded) in self.reports() {
            let is_child = waitpid(pid, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive);
            if recorded == Pid::this() && is_child {
                kill(pid, Signal::SIGKILL).unwrap();
                self.late.insert(pid);
                ended += 1;
            }
        }
        ended
    }

    fn reports(&mut self) -> Vec<(Pid, Pid)> {
        let mut bytes = Vec::new();
        match self.records.read_to_end(&mut bytes) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            _ => {}
        }
        // Each is written in one piece.
        let number = |bytes: &[u8]| Pid::from_raw(i32::from_ne_bytes(bytes.try_into().unwrap()));
        bytes.chunks_exact(8).map(|report| (number(&report[..4]), number(&report[4..]))).collect()
    }
}

/// How many were left, but for the live parent.
fn kill_all(owner: Option<Pid>) -> u64 {
    let mut survivors = 0;
    while let Some(child) = pdeathsig_tests::any_child() {
        let is_survivor = Some(child) != owner;
        if is_survivor {
            eprintln!("{}", description(child));
        }
        survivors += u64::from(kill(child, Signal::SIGKILL).is_ok() && is_survivor);
        waitpid(child, Some(WaitPidFlag::__WALL)).unwrap();
    }
    survivors
}

/// What there is to say of a survivor.
fn description(process: Pid) -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
    let status = read("status");
    let fields = ["State", "PPid", "Threads", "SigPnd", "ShdPnd", "SigBlk", "SigIgn"];
    let records: Vec<&str> =
        status.lines().filter(|line| fields.iter().any(|field| line.starts_with(&format!("{field}:")))).collect();
    let group = getpgid(Some(process)).map_or(0, Pid::as_raw);
    let call = read("syscall");
    format!(
        "{process} of group {group}: {}; {}; {}",
        read("cmdline").replace('\0', " "),
        records.join(", "),
        call.trim()
    )
}
