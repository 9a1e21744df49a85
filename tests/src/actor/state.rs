//! The state of an actor, as `/proc` shows it.

use std::fs;

use nix::unistd::{getpgid, Pid};

use super::Actor;
use crate::harness::until;
use crate::machine;

impl Actor<'_> {
    /// The ids and names of its threads.
    pub fn threads(&self) -> Vec<(Pid, String)> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap().map(Result::unwrap);
        let thread = |entry: fs::DirEntry| {
            // One may end meanwhile.
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            Some((Pid::from_raw(entry.file_name().to_str()?.parse().ok()?), name.trim_end().to_owned()))
        };
        threads.filter_map(thread).collect()
    }

    /// The thread that watches the parent.
    pub fn watcher(&self) -> Option<Pid> {
        self.threads().into_iter().find(|(_, name)| name == "pdeathsig-watch").map(|(id, _)| id)
    }

    /// Waits until it has so many threads.
    pub fn await_threads(&self, threads: usize) {
        until("an end of threads", || (self.threads().len() == threads).then_some(()));
    }

    /// Waits until no thread watches the parent.
    pub fn await_no_watcher(&self) {
        until("the end of the watching thread", || self.watcher().is_none().then_some(()));
    }

    /// What `/proc/PID/status` says of it, or of one of its threads.
    pub fn status(&self, thread: Pid, field: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{}/task/{thread}/status", self.pid)).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {field} in {status}")).trim().to_owned()
    }

    /// `getpgid()`
    pub fn group(&self) -> Pid {
        getpgid(Some(self.pid)).unwrap()
    }

    /// Waits until its main thread sleeps in a call of the poll family.
    pub fn await_poll(&self) {
        self.await_call_of(self.pid(), machine::is_poll);
    }

    /// Waits until it is stopped.
    pub fn await_stopped(&self) {
        let stat = format!("/proc/{}/stat", self.pid);
        until("a stopped process", || fs::read_to_string(&stat).unwrap().contains(") T ").then_some(()));
    }
}
