//! Recognises the launchers that a process belongs to.
//!
//! `inner` is cloned with SIGCONT as its exit signal, which `/proc/PID/stat` shows and no other program uses. It is a
//! copy of `outer`, so both have the same command line. The program is the only process that `inner` forks; other
//! children of `inner` were adopted.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;

use lexopt::{Arg, Parser, ValueExt};
use nix::libc::SIGCONT;
use procfs::process::{Process, Stat, Status};

use super::{named, Census};
use crate::linux::facts::{Credentials, Known, Launcher, LauncherOptions, Role, Sender};

/// The launchers of a process, the nearest first.
pub(super) fn launchers(stat: &Stat, credentials: &Credentials, census: &Census) -> Vec<Launcher> {
    let mut found = Vec::new();
    let mut add =
        |outer: &Stat, inner: &Stat, role: Role| found.push(launcher(outer, inner, role, credentials, census));
    // Where the way up goes on: it skips the halves of a launcher that was found.
    let mut current = stat;
    if let Some(outer) = outer_of(stat, census) {
        add(outer, stat, Role::Inner);
        current = outer;
    } else if let Some(inner) = census.values().find(|inner| inner.ppid == stat.pid && is_inner(inner, census)) {
        add(stat, inner, Role::Outer);
    }
    let mut steps = 0;
    while let Some(parent) = census.get(&current.ppid).filter(|_| steps < super::MOST_ANCESTORS) {
        steps += 1;
        let Some(outer) = outer_of(parent, census) else {
            current = parent;
            continue;
        };
        let is_program = current.pid == stat.pid && program(parent, census) == Some(stat.pid);
        add(outer, parent, if is_program { Role::Program } else { Role::Descendant });
        current = outer;
    }
    found
}

/// Whether a process is the `inner` of a launcher.
fn is_inner(stat: &Stat, census: &Census) -> bool {
    outer_of(stat, census).is_some()
}

/// Whether a process is the `outer` of a launcher.
pub(super) fn is_outer(pid: i32, census: &Census) -> bool {
    census.values().any(|inner| inner.ppid == pid && is_inner(inner, census))
}

fn outer_of<'a>(inner: &Stat, census: &'a Census) -> Option<&'a Stat> {
    if inner.exit_signal != Some(SIGCONT) {
        return None;
    }
    let outer = census.get(&inner.ppid)?;
    let line = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|line| !line.is_empty());
    (line(inner.pid)? == line(outer.pid)?).then_some(outer)
}

/// The program, as long as it runs: nothing that `inner` adopted is older.
fn program(inner: &Stat, census: &Census) -> Option<i32> {
    let children = census.values().filter(|child| child.ppid == inner.pid);
    Some(children.min_by_key(|child| (child.starttime, child.pid))?.pid)
}

fn launcher(outer: &Stat, inner: &Stat, role: Role, credentials: &Credentials, census: &Census) -> Launcher {
    let status = |pid: i32| Process::new(pid).and_then(|process| process.status()).ok();
    let its = status(outer.pid);
    let sender = its.as_ref().map(|its| Sender { effective_user: its.euid, real_user: its.ruid });
    // One pid for each namespace that the process is in. An owner in another namespace is in fewer.
    let namespaces = |status: Status| status.nspid.map(|pids| pids.len());
    let watches_owner = outer.ppid != 0 && status(outer.ppid).and_then(namespaces) == its.and_then(namespaces);
    Launcher {
        role,
        owner: outer.ppid,
        owner_name: named(outer.ppid, census),
        watches_owner,
        outer: outer.pid,
        inner: inner.pid,
        program: program(inner, census),
        may_signal: sender.map_or(true, |sender| credentials.may_be_signalled_by(sender)),
        options: options(outer.pid),
    }
}

fn options(outer: i32) -> Known<LauncherOptions> {
    let line = match fs::read(format!("/proc/{outer}/cmdline")) {
        Ok(line) => line,
        Err(error) => return Known::unknown(error.to_string()),
    };
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    let line: Vec<_> = line.split(|byte| *byte == 0).map(|argument| OsString::from_vec(argument.to_owned())).collect();
    match read(&line) {
        Some(options) => Known::Known(options),
        None => Known::unknown(
            "its command line is neither that of `Launcher::command` nor that of the command `pdeathsig`",
        ),
    }
}

/// The options of both kinds of launchers. They have the same names.
fn read(line: &[OsString]) -> Option<LauncherOptions> {
    let is_host = line.first()? == "pdeathsig-launcher" && line.get(1)?.to_str()?.starts_with("--pdeathsig-launcher=");
    let is_command = std::path::Path::new(line.first()?).file_name()? == "pdeathsig";
    if !is_host && !is_command {
        return None;
    }
    let mut options = LauncherOptions::default();
    let mut parser = Parser::from_iter(line);
    // It ends at the program, which is the first argument that is no option.
    while let Ok(Some(argument)) = parser.next() {
        match argument {
            Arg::Short('s') | Arg::Long("signal") => {
                options.signal = Some(signal(&parser.value().ok()?.string().ok()?)?)
            }
            Arg::Short('k') | Arg::Long("grace") => options.grace = Some(grace(parser.value().ok()?.string().ok()?)),
            Arg::Long("watch-pid") => options.watched.push(parser.value().ok()?.parse().ok()?),
            Arg::Long("keep-background") => options.keep_background = true,
            Arg::Long("expect-parent" | "owner" | "pdeathsig-launcher") => drop(parser.value().ok()?),
            Arg::Short('v') | Arg::Long("verbose") => {}
            Arg::Value(_) => return Some(options),
            _ => return None,
        }
    }
    None
}

/// A host writes numbers, users write names.
fn signal(written: &str) -> Option<String> {
    let signal = match written.parse() {
        Ok(number) => pdeathsig::Signal::from_raw(number).ok()?,
        Err(_) => written.parse::<pdeathsig::Signal>().ok()?,
    };
    Some(signal.to_string())
}

/// A host writes seconds with nine decimals.
fn grace(written: String) -> String {
    match written.contains('.') {
        true => format!("{} s", written.trim_end_matches('0').trim_end_matches('.')),
        false => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options_of(line: &[&str]) -> Option<LauncherOptions> {
        read(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_of_a_host_and_of_the_command_are_read() {
        let all = LauncherOptions {
            signal: Some("SIGTERM".into()),
            grace: Some("3 s".into()),
            watched: vec![4, 5],
            keep_background: true,
        };
        let host = "pdeathsig-launcher --pdeathsig-launcher=1 --owner=7 --signal=15 --grace=3.000000000 --watch-pid=4 --watch-pid=5 \
                    --keep-background -- make -k";
        assert_eq!(options_of(&host.split(' ').collect::<Vec<_>>()), Some(all.clone()));
        let command =
            "/usr/bin/pdeathsig -vs TERM -k 3.000000000 --watch-pid 4 --watch-pid=5 --keep-background make -k 9";
        assert_eq!(options_of(&command.split(' ').collect::<Vec<_>>()), Some(all));
        assert_eq!(options_of(&["pdeathsig", "make", "--keep-background"]), Some(LauncherOptions::default()));
    }

    #[test]
    fn other_command_lines_are_not_read() {
        for line in [
            &["host", "make"][..],
            &["pdeathsig"],
            &["pdeathsig", "--unheard-of", "make"],
            &["pdeathsig-launcher", "make"],
        ] {
            assert_eq!(options_of(line), None, "{line:?}");
        }
    }
}
