//! The threads of a process, and the parent-death signal of each.

use std::time::{Duration, Instant};

use procfs::process::{Process, Status};

use crate::linux::facts::{Known, State, Thread};

/// How many threads are asked at most.
const ASKED: usize = 64;
/// After this time no other thread is asked.
const BUDGET: Duration = Duration::from_secs(2);

pub(crate) fn threads(
    process: &Process,
    status: &Status,
    state: State,
    myself: bool,
    with_ptrace: bool,
) -> Vec<Thread> {
    let tasks = process.tasks().into_iter().flatten().flatten();
    let mut found: Vec<(i32, String)> =
        tasks.filter_map(|task| Some((task.tid, printable(&task.stat().ok()?.comm)))).collect();
    found.sort_by_key(|(id, _)| (*id != process.pid(), *id));
    let pid = process.pid();
    let (mut asked, start) = (0, Instant::now());
    let mut armed = |id: i32, name: &str| {
        if myself {
            return Known::from(pdeathsig::parent_death_signal()).map(|signal| signal.map(|signal| signal.as_raw()));
        }
        if name == "pdeathsig-watch" {
            // It arms nothing in the kernel.
            return Known::Known(None);
        }
        asked += 1;
        if asked > ASKED {
            return Known::unknown(format!("only {ASKED} of its threads were asked"));
        }
        if start.elapsed() > BUDGET {
            return Known::unknown("its other threads took too long to answer");
        }
        question(pid, id, status, state, with_ptrace)
    };
    found.into_iter().map(|(id, name)| Thread { id, armed: armed(id, &name), name }).collect()
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", any(target_env = "gnu", target_env = "musl"))))]
fn question(_: i32, _: i32, _: &Status, _: State, _: bool) -> Known<Option<i32>> {
    Known::unknown("another process can be asked only on x86-64")
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", any(target_env = "gnu", target_env = "musl")))]
fn question(pid: i32, thread: i32, status: &Status, state: State, with_ptrace: bool) -> Known<Option<i32>> {
    use super::ask::{parent_death_signal, Refusal};
    let task = Process::new(pid).and_then(|process| process.task_from_tid(thread)?.status());
    let Ok(now) = task else { return Known::unknown("the thread has exited since") };
    if !with_ptrace {
        return Known::unknown("--no-ptrace was given");
    }
    if now.tracerpid != 0 {
        return Known::unknown(format!("process {} traces it already", now.tracerpid));
    }
    match state {
        State::Zombie => return Known::unknown("it is dead"),
        State::Frozen => return Known::unknown("it is frozen and cannot answer"),
        _ if now.state.starts_with('Z') => return Known::unknown("its main thread exited before the others"),
        _ => {}
    }
    if now.seccomp.unwrap_or(0) != 0 {
        return Known::unknown("it has a seccomp filter, which may kill it for a system call that is not its own");
    }
    // A pending signal would be delivered to a process that must stay stopped.
    let may_run = (now.sigpnd | now.shdpnd) & !now.sigblk == 0;
    match parent_death_signal(pid, thread, may_run) {
        Ok(signal) => Known::Known(signal),
        Err(Refusal::NotPermitted) => Known::unknown(not_permitted(status)),
        Err(Refusal::Ended) => Known::unknown("it has exited since"),
        Err(Refusal::Stopped) => Known::unknown("it is stopped outside a system call"),
        Err(Refusal::Busy) => Known::unknown("it is computing and makes no system call"),
        Err(Refusal::Stuck) => Known::unknown("it is in a system call that cannot be interrupted"),
        Err(Refusal::Foreign(reason)) => Known::unknown(reason),
        Err(Refusal::Again) => Known::unknown("signals arrive too fast"),
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", any(target_env = "gnu", target_env = "musl")))]
fn not_permitted(status: &Status) -> String {
    let user = rustix::process::geteuid().as_raw();
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    match yama.trim() {
        "3" => "tracing is forbidden on this system (Yama, ptrace_scope = 3)".into(),
        _ if user != 0 && status.ruid != user => format!("its user is {} and yours is {user}", status.ruid),
        "1" | "2" if user != 0 => format!("only root may trace it (Yama, ptrace_scope = {})", yama.trim()),
        _ => "you have no permission to trace it".into(),
    }
}

/// A process can give itself any name, including one that moves the cursor.
pub(crate) fn printable(name: &str) -> String {
    name.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
