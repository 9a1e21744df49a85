//! The process that everything orphaned comes to, and that says what is left.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{kill, killpg, Signal};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use rustix::process::{pidfd_open, pidfd_send_signal, PidfdFlags};

use super::{Dies, Guard, Outcome, Trial};
use crate::harness::is_readable;
use crate::launching::{children_of, state_of};

/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(5);

pub(super) fn run(trial: &Trial) -> Outcome {
    pdeathsig::die_with_parent(pdeathsig::Signal::KILL).unwrap();
    prctl::set_child_subreaper(true).unwrap();
    let outcome = try_out(trial);
    kill_all();
    outcome
}

fn try_out(trial: &Trial) -> Outcome {
    // A leaf may run as another user.
    fs::set_permissions(&trial.folder, Permissions::from_mode(0o777)).unwrap();
    let socket = trial.folder.join("line");
    let listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let mut owner = start_owner(trial);
    let owner_pid = Pid::from_raw(owner.id() as i32);
    let owner_pidfd = pidfd(owner_pid).unwrap();
    let Some(child) = first_line(&mut owner, trial.start) else { return not_started(trial) };
    let Some(leaves) = await_leaves(&listener, trial) else { return not_started(trial) };
    match trial.dies {
        Dies::Owner => kill(owner_pid, Signal::SIGKILL).unwrap(),
        Dies::OwnersGroup => killpg(owner_pid, Signal::SIGKILL).unwrap(),
        Dies::Outer => kill(child, Signal::SIGKILL).unwrap(),
        Dies::Inner => kill(first_child(child), Signal::SIGKILL).unwrap(),
        Dies::Program => kill(first_child(first_child(child)), Signal::SIGKILL).unwrap(),
    }
    let end = Instant::now() + trial.timeout;
    // Whatever else died, the owner lives, and is no survivor.
    let is_survivor = |pid: &Pid| *pid != owner_pid;
    let lives = |leaf: &&OwnedFd| !is_readable(leaf, Duration::ZERO);
    loop {
        reap();
        let left: Vec<Pid> = descendants().into_iter().filter(is_survivor).collect();
        let living = leaves.iter().filter(lives).count();
        if living == 0 && left.is_empty() {
            // A process that changed its parent during that look was perhaps not seen. Without a child there is none.
            let _ = pidfd_send_signal(&owner_pidfd, rustix::process::Signal::KILL);
            if !reap() {
                return Outcome::Left { leaves: 0, all: Vec::new() };
            }
        }
        if Instant::now() > end {
            return Outcome::Left { leaves: living, all: left.into_iter().map(name).collect() };
        }
        match leaves.iter().find(lives) {
            // They die at once or live on.
            Some(leaf) if trial.tie != Guard::Launcher => {
                is_readable(leaf, end.saturating_duration_since(Instant::now()));
            }
            _ => thread::sleep(LOOK),
        }
    }
}

fn start_owner(trial: &Trial) -> Child {
    let leaf = format!("{} {}", trial.leaf.display(), trial.folder.join("line").display());
    let screens = trial.folder.join("screens");
    fs::create_dir(&screens).unwrap();
    fs::set_permissions(&screens, Permissions::from_mode(0o700)).unwrap();
    let mut owner = Command::new(env::current_exe().unwrap());
    owner.arg("owner").arg(serde_json::to_string(trial).unwrap());
    owner.env("LEAF", leaf).env("TERM", "xterm").env("SCREENDIR", screens).env_remove("LD_LIBRARY_PATH");
    for name in ["DIR", "HOME", "TMPDIR", "TMUX_TMPDIR", "XDG_RUNTIME_DIR"] {
        owner.env(name, &trial.folder);
    }
    let errors = File::create(trial.folder.join("errors")).unwrap();
    owner.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap()
}

/// The child of the owner.
fn first_line(owner: &mut Child, within: Duration) -> Option<Pid> {
    let output = owner.stdout.take().unwrap();
    if !is_readable(&output, within) {
        return None;
    }
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    line.trim().parse().ok().map(Pid::from_raw)
}

/// Their pidfds.
fn await_leaves(listener: &UnixListener, trial: &Trial) -> Option<Vec<OwnedFd>> {
    let end = Instant::now() + trial.start;
    let mut leaves = Vec::new();
    while leaves.len() < trial.leaves {
        if !is_readable(&listener.as_fd(), end.saturating_duration_since(Instant::now())) {
            return None;
        }
        let (mut line, _) = listener.accept().unwrap();
        let pid = getsockopt(&line, PeerCredentials).unwrap().pid();
        // It waits for the answer, so the number is its own.
        leaves.push(pidfd(Pid::from_raw(pid))?);
        line.write_all(b".").ok()?;
    }
    Some(leaves)
}

fn pidfd(process: Pid) -> Option<OwnedFd> {
    pidfd_open(rustix::process::Pid::from_raw(process.as_raw())?, PidfdFlags::empty()).ok()
}

fn not_started(trial: &Trial) -> Outcome {
    let errors = fs::read(trial.folder.join("errors")).unwrap_or_default();
    Outcome::NotStarted(String::from_utf8_lossy(&errors).trim().to_owned())
}

fn first_child(parent: Pid) -> Pid {
    *children_of(parent).first().expect("a launcher has its child")
}

/// All live processes below this one, but itself.
fn descendants() -> Vec<Pid> {
    let mut found = children_of_any_thread(Pid::this());
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        found.extend(children_of_any_thread(process));
        next += 1;
    }
    found.retain(|process| !matches!(state_of(*process), None | Some('Z' | 'X')));
    found
}

fn children_of_any_thread(process: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect::<Vec<_>>())
        .collect()
}

fn name(process: Pid) -> String {
    let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    format!("{process} ({})", line.trim_end_matches('\0').replace('\0', " "))
}

/// Reaps what is dead. Whether a child is left.
fn reap() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)) {
            Ok(WaitStatus::StillAlive) => return true,
            Err(Errno::ECHILD) => return false,
            _ => {}
        }
    }
}

fn kill_all() {
    while reap() {
        // To kill one makes its children children of this process.
        for child in children_of_any_thread(Pid::this()) {
            let _ = kill(child, Signal::SIGKILL);
        }
        thread::sleep(Duration::from_millis(1));
    }
}
