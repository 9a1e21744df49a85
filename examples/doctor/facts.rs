//! What can be known of a process, without a judgement.

use std::error::Error;
use std::os::unix::fs::MetadataExt;
use std::{fs, process};

use nix::sys::prctl;
use pdeathsig::Parent;
use procfs::process::{Process, Stat, Status};
use procfs::ProcError;
use serde::Serialize;

use crate::ask;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// More threads than this are not asked.
const ASKED: usize = 64;

/// The name of the thread of a watch, as the kernel cuts it.
const WATCH: &str = "pdeathsig-watch";

#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) process: Named,
    /// One letter, as in `/proc/PID/stat`.
    pub(crate) state: char,
    pub(crate) itself: bool,
    /// None if it is outside the pid namespace.
    pub(crate) parent: Option<Named>,
    /// Whether its session tells that its real parent is gone.
    pub(crate) orphan: bool,
    pub(crate) spawner_thread: Known<i32>,
    pub(crate) armed: Known<Vec<Armed>>,
    pub(crate) watch: bool,
    pub(crate) signals: Signals,
    pub(crate) group: Group,
    pub(crate) session: i32,
    pub(crate) tether: Option<Tether>,
    pub(crate) first_of_pid_namespace: bool,
    pub(crate) pid_namespace_of_parent: Option<bool>,
    pub(crate) user_namespace_of_parent: Option<bool>,
    /// Known of oneself alone.
    pub(crate) subreaper: Option<bool>,
    /// From the parent upwards.
    pub(crate) ancestors: Vec<Named>,
    pub(crate) children: Vec<Named>,
    pub(crate) set_uid_program: bool,
    pub(crate) changed_user: bool,
    pub(crate) tracer: Option<i32>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) pid: i32,
    pub(crate) name: String,
}

/// A fact, or why it is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Known<T> {
    Is(T),
    Unknown(String),
}

/// A thread's parent-death signal.
#[derive(Debug, Serialize)]
pub(crate) struct Armed {
    pub(crate) thread: i32,
    pub(crate) main: bool,
    pub(crate) signal: i32,
}

/// Of the main thread; bit n - 1 stands for the signal n.
#[derive(Debug, Serialize)]
pub(crate) struct Signals {
    pub(crate) ignored: u64,
    pub(crate) blocked: u64,
    pub(crate) caught: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) id: i32,
    pub(crate) of_parent: bool,
    pub(crate) in_background: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Tether {
    pub(crate) owner: Named,
    pub(crate) owner_is_parent: bool,
}

impl Facts {
    /// None if there is no such process.
    pub(crate) fn gather(pid: i32, ptrace: bool) -> Result<Option<Facts>> {
        let process = match Process::new(pid).and_then(|process| Ok((process.stat()?, process.status()?, process))) {
            Err(ProcError::NotFound(_)) => return Ok(None),
            process => process?,
        };
        let (stat, status, process) = process;
        let itself = pid == process::id() as i32;
        let parent = Process::new(stat.ppid).ok();
        let parent_stat = parent.as_ref().and_then(|parent| parent.stat().ok());
        let same =
            |namespace: &str| Some(namespace_of(&process, namespace)? == namespace_of(parent.as_ref()?, namespace)?);
        let (pid_namespace_of_parent, user_namespace_of_parent) = (same("pid"), same("user"));
        Ok(Some(Facts {
            process: Named::of(&stat),
            state: stat.state,
            itself,
            orphan: parent_stat.as_ref().is_some_and(|parent| is_orphan(&stat, parent)),
            spawner_thread: if itself { own_spawner() } else { spawner(pid, parent.as_ref()) },
            armed: armed(&process, &status, itself, ptrace),
            watch: threads(&process).any(|(_, name)| name == WATCH),
            signals: Signals { ignored: status.sigign, blocked: status.sigblk, caught: status.sigcgt },
            group: Group {
                id: stat.pgrp,
                of_parent: parent_stat.as_ref().is_some_and(|parent| parent.pgrp == stat.pgrp),
                in_background: stat.tty_nr != 0 && stat.tpgid > 0 && stat.tpgid != stat.pgrp,
            },
            session: stat.session,
            tether: tether(&stat),
            first_of_pid_namespace: status.nspid.as_ref().and_then(|pids| pids.last()) == Some(&1),
            pid_namespace_of_parent,
            user_namespace_of_parent,
            subreaper: itself.then(|| prctl::get_child_subreaper().ok()).flatten(),
            ancestors: ancestors(&stat),
            children: children(&process),
            set_uid_program: has_set_uid_program(&process),
            changed_user: status.ruid != status.euid || status.rgid != status.egid,
            tracer: Some(status.tracerpid).filter(|tracer| *tracer != 0),
            parent: parent_stat.as_ref().map(Named::of),
        }))
    }

    /// The signal that the kernel will send when the thread that spawned it ends: the main thread's.
    pub(crate) fn armed_signal(&self) -> Known<Option<i32>> {
        match &self.armed {
            Known::Is(threads) => Known::Is(threads.iter().find(|armed| armed.main).map(|armed| armed.signal)),
            Known::Unknown(reason) => Known::Unknown(reason.clone()),
        }
    }
}

impl Named {
    fn of(stat: &Stat) -> Named {
        Named { pid: stat.pid, name: stat.comm.clone() }
    }

    fn find(pid: i32) -> Option<(Named, Stat)> {
        let stat = Process::new(pid).and_then(|process| process.stat()).ok()?;
        Some((Named::of(&stat), stat))
    }
}

impl Signals {
    pub(crate) fn has(signals: u64, signal: i32) -> bool {
        signals >> (signal - 1) & 1 != 0
    }
}

/// Sessions are inherited: who is in another one than its parent, and has not made it, has it from somebody else. Or
/// the parent has made one since.
fn is_orphan(stat: &Stat, parent: &Stat) -> bool {
    ![stat.pid, parent.session].contains(&stat.session) && parent.session != parent.pid
}

/// Each thread of a process, by its id and its name.
fn threads(process: &Process) -> impl Iterator<Item = (i32, String)> {
    let tasks = process.tasks().into_iter().flatten().flatten();
    tasks.filter_map(|task| Some((task.tid, task.stat().ok()?.comm)))
}

fn own_spawner() -> Known<i32> {
    let parent = match Parent::current() {
        Ok(parent) => parent,
        Err(error) => return Known::Unknown(error.to_string()),
    };
    match parent.spawner_thread() {
        Ok(Some(thread)) => Known::Is(thread as i32),
        Ok(None) => Known::Unknown("the parent has ended just now".into()),
        Err(error) => Known::Unknown(error.to_string()),
    }
}

fn spawner(child: i32, parent: Option<&Process>) -> Known<i32> {
    let Some(parent) = parent else { return Known::Unknown("the parent cannot be seen from here".into()) };
    let tasks = match parent.tasks() {
        Ok(tasks) => tasks,
        Err(error) => return Known::Unknown(error.to_string()),
    };
    for task in tasks.flatten() {
        match task.children() {
            Ok(children) if children.contains(&(child as u32)) => return Known::Is(task.tid),
            Ok(_) => {}
            // A thread that has ended since has no list, nor has any where the kernel keeps none.
            Err(error) if task.tid == parent.pid => return Known::Unknown(error.to_string()),
            Err(_) => {}
        }
    }
    Known::Unknown("no thread of the parent has it in its list: that changes too fast".into())
}

fn armed(process: &Process, status: &Status, itself: bool, ptrace: bool) -> Known<Vec<Armed>> {
    let pid = process.pid;
    if itself {
        return match pdeathsig::parent_death_signal() {
            Ok(signal) => {
                let armed = signal.map(|signal| Armed { thread: pid, main: true, signal: signal.as_raw() });
                Known::Is(Vec::from_iter(armed))
            }
            Err(error) => Known::Unknown(error.to_string()),
        };
    }
    if !ptrace {
        return Known::Unknown("the kernel tells it to the process alone, and --no-ptrace forbids to ask that".into());
    }
    if status.state.starts_with('Z') {
        return Known::Unknown("it has ended".into());
    }
    if status.seccomp.unwrap_or(0) != 0 {
        return Known::Unknown("its seccomp filter might punish the question".into());
    }
    let mut armed = Vec::new();
    for (thread, name) in threads(process).take(ASKED).filter(|(_, name)| name != WATCH) {
        match ask::parent_death_signal(thread) {
            Ok(0) => {}
            Ok(signal) => armed.push(Armed { thread, main: thread == pid, signal }),
            // Another thread may have ended since.
            Err(reason) if thread == pid => return Known::Unknown(reason),
            Err(reason) => eprintln!("doctor: the thread {thread} ({name}) could not be asked: {reason}"),
        }
    }
    Known::Is(armed)
}

/// A zombie leads the group, and has no exit signal: so only the anchor of a tether looks.
fn tether(stat: &Stat) -> Option<Tether> {
    let (_, leader) = Named::find(stat.pgrp)?;
    let is_anchor = leader.pid != stat.pid && leader.state == 'Z' && leader.exit_signal == Some(0);
    let (owner, _) = Named::find(leader.ppid).filter(|_| is_anchor)?;
    Some(Tether { owner_is_parent: owner.pid == stat.ppid, owner })
}

fn namespace_of(process: &Process, kind: &str) -> Option<(u64, u64)> {
    let namespaces = process.namespaces().ok()?;
    let namespace = namespaces.0.get(std::ffi::OsStr::new(kind))?;
    Some((namespace.device_id, namespace.identifier))
}

fn ancestors(stat: &Stat) -> Vec<Named> {
    let next = |(_, stat): &(Named, Stat)| Named::find(stat.ppid);
    std::iter::successors(Named::find(stat.ppid), next).map(|(named, _)| named).collect()
}

fn children(process: &Process) -> Vec<Named> {
    let tasks = process.tasks().into_iter().flatten().flatten();
    let pids = tasks.flat_map(|task| task.children().unwrap_or_default());
    // Anchors of tethers are no concern of anybody's.
    let lives = |(named, stat): (Named, Stat)| (stat.state != 'Z').then_some(named);
    pids.filter_map(|pid| Named::find(pid as i32).and_then(lives)).collect()
}

fn has_set_uid_program(process: &Process) -> bool {
    const SET_UID_OR_SET_GID: u32 = 0o6000;
    let program = process.exe().and_then(|path| Ok(fs::metadata(path)?));
    program.is_ok_and(|program| program.mode() & SET_UID_OR_SET_GID != 0)
}
