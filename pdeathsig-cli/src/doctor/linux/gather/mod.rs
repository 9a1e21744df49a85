//! Gathers the facts from `/proc`, and the parent-death signals by ptrace.

#[cfg(all(target_os = "linux", target_arch = "x86_64", any(target_env = "gnu", target_env = "musl")))]
mod ask;
mod launcher;
mod threads;

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use procfs::process::{all_processes, Process, Stat, Status};

use super::facts::*;
use threads::{printable, threads};

/// Why a process was not examined.
#[derive(Debug)]
pub(crate) enum NotThere {
    Gone,
    /// It exists, but `/proc` does not show it.
    Hidden,
    /// It is a thread of this process.
    Thread(i32),
    NoProc(String),
}

/// All processes, by pid.
type Census = HashMap<i32, Stat>;

/// A pid that is reused while the census is taken could make the line of ancestors a circle.
const MOST_ANCESTORS: usize = 1000;

pub(crate) fn gather(pid: i32, with_ptrace: bool) -> Result<Facts, NotThere> {
    let process = Process::new(pid).map_err(|_| not_there(pid))?;
    let (Ok(stat), Ok(status)) = (process.stat(), process.status()) else { return Err(not_there(pid)) };
    if status.tgid != pid {
        return Err(NotThere::Thread(status.tgid));
    }
    let myself = pid == std::process::id() as i32;
    let census: Census = all_processes()
        .map_err(|error| NotThere::NoProc(error.to_string()))?
        .flatten()
        .filter_map(|process| Some((process.pid(), process.stat().ok()?)))
        .collect();
    let state = state(&stat, &process);
    let credentials = credentials(&process, &status);
    Ok(Facts {
        myself,
        pid,
        name: printable(&stat.comm),
        state,
        // Before a thread is asked, which needs a stop of its own.
        stop_signal: (state == State::Stopped).then(|| stop_signal(&stat)),
        traced_by: status.tracerpid,
        threads: threads(&process, &status, state, myself, with_ptrace),
        parent: parent(&stat, &census, myself),
        signals: signals(&process, &status),
        group: group(&stat, &census),
        namespaces: namespaces(&process, &status, stat.ppid),
        adoption: adoption(stat.ppid, &census, myself),
        children: children(pid, &census),
        launchers: launcher::launchers(&stat, &credentials, &census),
        credentials,
    })
}

fn not_there(pid: i32) -> NotThere {
    use rustix::io::Errno;
    if let Err(error) = fs::metadata("/proc/self/stat") {
        return NotThere::NoProc(error.to_string());
    }
    match rustix::process::Pid::from_raw(pid).map(rustix::process::test_kill_process) {
        Some(Ok(()) | Err(Errno::PERM)) => NotThere::Hidden,
        _ => NotThere::Gone,
    }
}

/// The name of a process.
fn named(pid: i32, census: &Census) -> Option<String> {
    census.get(&pid).map(|stat| printable(&stat.comm))
}

fn state(stat: &Stat, process: &Process) -> State {
    // The main thread may have exited before the others.
    let states: Vec<char> =
        process.tasks().into_iter().flatten().flatten().filter_map(|task| Some(task.stat().ok()?.state)).collect();
    let living = states.into_iter().find(|state| !matches!(state, 'Z' | 'X'));
    match living.unwrap_or(stat.state) {
        'Z' | 'X' => State::Zombie,
        'T' => State::Stopped,
        _ if is_frozen(stat.pid) => State::Frozen,
        'D' => State::Uninterruptible,
        _ => State::Alive,
    }
}

/// Linux 6.1 shows the signal as the exit code until the parent asks for the stop (waitpid with WUNTRACED). Linux 5.10
/// does not.
fn stop_signal(stat: &Stat) -> Known<i32> {
    match stat.exit_code {
        Some(signal) if signal != 0 => Known::Known(signal),
        _ => {
            Known::unknown("its parent has asked for it already, or the kernel does not show it (Linux 5.10 does not)")
        }
    }
}

/// Whether its control group is frozen, of either version, where they are usually mounted.
fn is_frozen(pid: i32) -> bool {
    const FILES: [(&str, &str, &str, &str); 3] = [
        ("0::/", "", "cgroup.events", "frozen 1"),
        ("0::/", "unified/", "cgroup.events", "frozen 1"),
        (":freezer:/", "freezer/", "freezer.state", "FROZEN"),
    ];
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    FILES.iter().any(|(hierarchy, mount, file, frozen)| {
        let Some((_, group)) = groups.lines().find_map(|line| line.split_once(hierarchy)) else { return false };
        let state = fs::read_to_string(format!("/sys/fs/cgroup/{mount}{group}/{file}")).unwrap_or_default();
        state.lines().any(|line| line == *frozen)
    })
}

fn parent(stat: &Stat, census: &Census, myself: bool) -> Parent {
    let pid = stat.ppid;
    let status = Process::new(pid).and_then(|parent| parent.status()).ok();
    Parent {
        pid,
        name: named(pid, census),
        users: status.map(|status| Sender { effective_user: status.euid, real_user: status.ruid }),
        spawner: spawner(stat.pid, pid, myself),
        adopted: adopted(stat, census),
    }
}

fn spawner(child: i32, parent: i32, myself: bool) -> Known<Spawner> {
    if parent == 0 {
        return Known::unknown("the parent is outside this pid namespace");
    }
    let name = |thread: i32| {
        let name = fs::read_to_string(format!("/proc/{parent}/task/{thread}/comm")).unwrap_or_default();
        Known::Known(Spawner { thread, name: printable(name.trim_end()) })
    };
    if myself {
        let thread = pdeathsig::Parent::current().map_err(|error| error.to_string());
        let thread = thread.and_then(|parent| parent.spawner_thread().map_err(|error| error.to_string()));
        return match thread {
            Ok(Some(thread)) => name(thread as i32),
            Ok(None) => Known::unknown("the parent has exited since"),
            Err(error) => Known::unknown(error),
        };
    }
    // The list may lack a child while its siblings come and go.
    let mut lists = 0;
    for _ in 0..20 {
        let tasks = Process::new(parent).and_then(|parent| parent.tasks());
        let Ok(tasks) = tasks else { return Known::unknown("/proc does not show the parent's threads") };
        for task in tasks.flatten() {
            let Ok(children) = task.children() else { continue };
            lists += 1;
            if children.contains(&(child as u32)) {
                return name(task.tid);
            }
        }
    }
    Known::unknown(match lists {
        0 => "/proc has no lists of children: the kernel was built without CONFIG_PROC_CHILDREN, or hides the parent",
        _ => {
            "no thread of the parent lists it: another process has adopted it since, or it is in another pid namespace"
        }
    })
}

/// A process starts in its parent's session, and can leave it only for a new session, which it leads.
fn adopted(stat: &Stat, census: &Census) -> Known<String> {
    let Some(parent) = census.get(&stat.ppid) else {
        return Known::unknown("/proc does not show the parent");
    };
    // A parent that leads its session may have been in another one before, but not in one that is younger than itself.
    let leader = census.get(&stat.session);
    let made_later = leader.is_some_and(|leader| leader.starttime > parent.starttime);
    let was_never_in_it = parent.session != parent.pid || made_later;
    if stat.session != stat.pid && stat.session != parent.session && stat.session != 0 && was_never_in_it {
        return Known::Known(format!(
            "it is in session {}, and {} {} never was",
            stat.session,
            printable(&parent.comm),
            parent.pid
        ));
    }
    Known::unknown(
        "the kernel keeps no record of the process that spawned another, and nothing here proves an adoption",
    )
}

fn signals(process: &Process, status: &Status) -> Signals {
    let tasks = process.tasks().into_iter().flatten().flatten();
    let blocked = tasks.filter_map(|task| Some(task.status().ok()?.sigblk)).fold(u64::MAX, |all, one| all & one);
    Signals {
        ignored: status.sigign,
        caught: status.sigcgt,
        blocked: if blocked == u64::MAX { status.sigblk } else { blocked },
        blocked_in_main: status.sigblk,
    }
}

fn is_anchor(stat: &Stat) -> bool {
    stat.state == 'Z' && stat.exit_signal == Some(0) && stat.pgrp == stat.pid
}

fn group(stat: &Stat, census: &Census) -> Group {
    let terminal = match stat.tty_nr {
        0 => Terminal::None,
        _ if stat.tpgid == stat.pgrp => Terminal::Foreground,
        _ => Terminal::Background,
    };
    let leader = match census.get(&stat.pgrp) {
        _ if stat.pgrp == stat.pid => Leader::Itself,
        None => Leader::Gone,
        Some(leader) if is_anchor(leader) => Leader::Anchor {
            owner: leader.ppid,
            owner_name: named(leader.ppid, census),
            relation: relation(stat, leader.ppid, census),
        },
        Some(leader) if leader.state == 'Z' => Leader::Dead { parent: leader.ppid },
        Some(leader) => Leader::Alive { name: printable(&leader.comm) },
    };
    let parent_has_tether = census.values().any(|other| other.ppid == stat.ppid && is_anchor(other));
    Group {
        id: stat.pgrp,
        session: stat.session,
        terminal,
        leader,
        parent_has_tether,
        hang_up: hang_up(stat, terminal, census),
    }
}

fn hang_up(stat: &Stat, terminal: Terminal, census: &Census) -> Option<HangUp> {
    let parent = census.get(&stat.ppid)?;
    if terminal == Terminal::Foreground && parent.pid == stat.session {
        return Some(HangUp::Terminal);
    }
    let members = || census.values().filter(|member| member.pgrp == stat.pgrp && member.state != 'Z');
    if !members().any(|member| member.state == 'T') {
        return None;
    }
    // A group is not orphaned while a member has a parent in another group of the same session.
    let keeps = |keeper: &Stat| keeper.session == stat.session && keeper.pgrp != stat.pgrp && keeper.state != 'Z';
    let keepers = || members().filter_map(|member| census.get(&member.ppid)).filter(|keeper| keeps(keeper));
    (keepers().next().is_some() && keepers().all(|keeper| keeper.pid == parent.pid)).then_some(HangUp::Orphaned)
}

fn relation(stat: &Stat, owner: i32, census: &Census) -> Relation {
    match owner {
        _ if owner == stat.pid => Relation::Itself,
        _ if owner == stat.ppid => Relation::Parent,
        _ if ancestors(stat.ppid, census).iter().any(|ancestor| ancestor.pid == owner) => Relation::Ancestor,
        _ => Relation::Other,
    }
}

/// From the parent of `pid` on.
fn ancestors(pid: i32, census: &Census) -> Vec<Ancestor> {
    let above = |pid: i32| census.get(&census.get(&pid)?.ppid);
    let mut found: Vec<Ancestor> = Vec::new();
    let mut next = above(pid);
    while let Some(stat) = next.filter(|_| found.len() < MOST_ANCESTORS) {
        found.push(Ancestor { pid: stat.pid, name: printable(&stat.comm) });
        next = above(stat.pid);
    }
    found
}

fn namespaces(process: &Process, status: &Status, parent: i32) -> Namespaces {
    let own = process.pid();
    let link = |pid: i32, kind: &str| fs::read_link(format!("/proc/{pid}/ns/{kind}"));
    let same = |kind: &str| match (link(own, kind), link(parent, kind)) {
        _ if parent == 0 => Known::unknown("the parent is outside this pid namespace"),
        (Ok(its), Ok(parents)) => Known::Known(its == parents),
        (Err(error), _) | (_, Err(error)) => Known::unknown(error.to_string()),
    };
    Namespaces {
        pids: status.nspid.clone().unwrap_or_else(|| vec![own]),
        pid_is_parents: same("pid"),
        user_is_parents: same("user"),
    }
}

fn adoption(parent: i32, census: &Census, myself: bool) -> Adoption {
    let subreaper = if myself {
        Known::from(nix::sys::prctl::get_child_subreaper())
    } else {
        Known::unknown("only the process itself can ask (PR_GET_CHILD_SUBREAPER)")
    };
    Adoption { subreaper, ancestors: ancestors(parent, census) }
}

fn children(pid: i32, census: &Census) -> Children {
    let anchors: Vec<i32> =
        census.values().filter(|other| other.ppid == pid && is_anchor(other)).map(|anchor| anchor.pid).collect();
    let own = || census.values().filter(|other| other.ppid == pid && !is_anchor(other));
    let alive = || own().filter(|child| child.state != 'Z');
    Children {
        alive: alive().count(),
        dead: own().count() - alive().count(),
        tethered: alive().filter(|child| anchors.contains(&child.pgrp)).count(),
        launchers: alive().filter(|child| launcher::is_outer(child.pid, census)).count(),
    }
}

fn credentials(process: &Process, status: &Status) -> Credentials {
    Credentials {
        real_user: status.ruid,
        effective_user: status.euid,
        saved_user: status.suid,
        real_group: status.rgid,
        effective_group: status.egid,
        program: program(process.pid()),
    }
}

/// What an exec of its program file does to its credentials.
fn program(pid: i32) -> Known<Option<String>> {
    let path = format!("/proc/{pid}/exe");
    let file = match fs::metadata(&path) {
        Ok(file) => file,
        Err(error) => return Known::unknown(error.to_string()),
    };
    let mode = file.permissions().mode();
    let mut value = [0; 64];
    let found = match mode {
        mode if mode & 0o4000 != 0 => Some("set-uid"),
        mode if mode & 0o2010 == 0o2010 => Some("set-gid"),
        _ if rustix::fs::getxattr(&path, "security.capability", &mut value[..]).is_ok() => Some("file capabilities"),
        _ => None,
    };
    Known::Known(found.map(str::to_owned))
}
