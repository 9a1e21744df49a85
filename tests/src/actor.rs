//! The test's handle on one process.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::{getpgid, Pid};
use rustix::process::{pidfd_open, PidfdFlags};
use serde::de::DeserializeOwned;

use crate::protocol::{Cause, End, Hello, Options, Orphaned, Request};
use crate::sandbox::Refusal;
use crate::stage::{await_readable, is_readable, until, Stage, DEADLINE};

/// One process on the stage.
#[derive(Debug)]
pub struct Actor<'a> {
    stage: &'a Stage,
    pid: Pid,
    own_pid: Pid,
    process: OwnedFd,
    line: BufReader<UnixStream>,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(stage: &'a Stage, pid: Pid, line: UnixStream) -> Actor<'a> {
        line.set_read_timeout(Some(DEADLINE)).unwrap();
        let process = pidfd_open(rustix::process::Pid::from_raw(pid.as_raw()).unwrap(), PidfdFlags::empty()).unwrap();
        let mut line = BufReader::new(line);
        let hello: Hello = hear(&mut line);
        Actor { stage, pid, own_pid: Pid::from_raw(hello.pid), process, line }
    }

    /// The stage that it is on.
    pub fn stage(&self) -> &'a Stage {
        self.stage
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Its id in its own pid namespace.
    pub fn own_pid(&self) -> Pid {
        self.own_pid
    }

    pub(crate) fn tell(&mut self, request: Request) {
        let line = format!("{}\n", serde_json::to_string(&request).unwrap());
        self.line.get_mut().write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn hear<T: DeserializeOwned>(&mut self) -> T {
        hear(&mut self.line)
    }

    pub(crate) fn ask<T: DeserializeOwned>(&mut self, request: Request) -> T {
        self.tell(request);
        self.hear()
    }

    /// A child of this actor.
    pub fn spawn(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::Spawn);
        self.stage.enter()
    }

    /// A child by fork alone.
    pub fn fork(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::Fork);
        self.stage.enter()
    }

    /// A child spawned by another thread of this actor than the main one; the thread stays.
    pub fn spawn_on_thread(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::SpawnOnThread);
        self.stage.enter()
    }

    /// Ends the thread of [`spawn_on_thread`](Self::spawn_on_thread), and returns when it has ended.
    pub fn end_spawner(&mut self) {
        self.ask(Request::EndSpawner)
    }

    /// Replaces the actor's program by itself, or by another copy.
    pub fn exec(mut self, program: Option<PathBuf>) -> Actor<'a> {
        self.tell(Request::Exec { program });
        self.stage.enter()
    }

    /// Replaces the actor's program by itself, from another thread than the main one.
    pub fn exec_on_thread(mut self) -> Actor<'a> {
        self.tell(Request::ExecOnThread);
        self.stage.enter()
    }

    /// `DieWithParent::new(signal).arm()`
    pub fn arm(&mut self, signal: Signal) -> Result<(), String> {
        self.arm_with(signal, Options::default())
    }

    /// The same with options.
    pub fn arm_with(&mut self, signal: Signal, options: Options) -> Result<(), String> {
        self.tell_arm_with(signal, options);
        self.hear_armed().0
    }

    /// `DieWithParent::new(signal).watch().arm()`
    pub fn watch(&mut self, signal: Signal) {
        self.arm_with(signal, Options::WATCH).unwrap();
    }

    /// The same as [`arm`](Self::arm) with `expected_parent`.
    pub fn arm_expecting(&mut self, signal: Signal, parent: i32) -> Result<(), String> {
        self.arm_with(signal, Options { expected_parent: Some(parent as u32), ..Options::default() })
    }

    /// Has it arm, without waiting for the answer.
    pub fn tell_arm(&mut self, signal: Signal, expected_parent: Option<u32>) {
        self.tell_arm_with(signal, Options { expected_parent, ..Options::default() });
    }

    /// The same with options.
    pub fn tell_arm_with(&mut self, signal: Signal, options: Options) {
        self.tell(Request::Arm { signal: signal as i32, options });
    }

    /// The answer: the error, if any, and the number of allocations.
    pub fn hear_armed(&mut self) -> (Result<(), String>, usize) {
        self.hear()
    }

    /// `die_with_parent(signal)` on another thread than the main one.
    pub fn arm_on_thread(&mut self, signal: Signal) -> Result<(), String> {
        self.ask(Request::ArmOnThread { signal: signal as i32 })
    }

    /// `DieWithParent::new(signal).watch().arm()` on another thread than the main one.
    pub fn watch_on_thread(&mut self, signal: Signal) -> Result<(), String> {
        self.ask(Request::WatchOnThread { signal: signal as i32 })
    }

    /// The bare system call on another thread: what that reads, and what the main thread reads after its end.
    pub fn set_bare_on_thread(&mut self, signal: Signal) -> (Option<i32>, Option<i32>) {
        let (there, here): (Result<_, String>, Result<_, String>) =
            self.ask(Request::SetBareOnThread { signal: signal as i32 });
        (there.unwrap(), here.unwrap())
    }

    /// The bare system call, with any number.
    pub fn set_bare(&mut self, signal: i32) {
        self.ask(Request::SetBare { signal })
    }

    /// Has it make the bare system call, then ask in its own way whether it is an orphan, and send itself the signal if so;
    /// without waiting for the answer.
    pub fn tell_set_bare_and_check(&mut self, signal: Signal, orphaned: Orphaned) {
        self.tell(Request::SetBareAndCheck { signal: signal as i32, orphaned });
    }

    /// The answer of one that lives after that: whether it takes itself for an orphan.
    pub fn hear_checked(&mut self) -> bool {
        self.hear()
    }

    /// `outlive_parent()`
    pub fn outlive_parent(&mut self) -> Result<(), String> {
        self.ask(Request::Outlive)
    }

    /// `outlive_parent()` on another thread than the main one.
    pub fn outlive_parent_on_thread(&mut self) -> Result<(), String> {
        self.ask(Request::OutliveOnThread)
    }

    /// `parent_death_signal()`
    pub fn read(&mut self) -> Result<Option<i32>, String> {
        self.ask(Request::Read)
    }

    /// `parent_death_signal()` in a fork of the actor, 0 for none.
    pub fn read_in_fork(&mut self) -> i32 {
        match self.ask(Request::ReadInFork) {
            End::Exited(signal) => signal,
            End::Killed(signal) => panic!("the fork was killed by the signal {signal}"),
        }
    }

    /// `Parent::current()`, which it keeps: the id.
    pub fn pin(&mut self) -> Result<u32, String> {
        self.tell_pin();
        self.hear_pinned()
    }

    /// Has it pin its parent, without waiting for the answer.
    pub fn tell_pin(&mut self) {
        self.tell(Request::Pin);
    }

    /// The answer.
    pub fn hear_pinned(&mut self) -> Result<u32, String> {
        self.hear()
    }

    /// `Parent::is_alive()`
    pub fn pinned_is_alive(&mut self) -> bool {
        self.ask(Request::PinnedIsAlive)
    }

    /// `Parent::wait()` or `Parent::wait_timeout(timeout)`: whether the parent is gone.
    pub fn wait_for_pinned(&mut self, timeout: Option<Duration>) -> Result<bool, String> {
        self.tell_wait_for_pinned(timeout);
        self.hear_waited()
    }

    /// Has it wait, without waiting for the answer.
    pub fn tell_wait_for_pinned(&mut self, timeout: Option<Duration>) {
        self.tell(Request::WaitForPinned { timeout });
    }

    /// The answer.
    pub fn hear_waited(&mut self) -> Result<bool, String> {
        self.hear()
    }

    /// `Parent::spawner_thread()`
    pub fn spawner_thread(&mut self) -> Result<Option<u32>, String> {
        self.ask(Request::SpawnerThread)
    }

    /// The same in a fork of the actor: whether it answers `None`.
    pub fn spawner_thread_is_none_in_fork(&mut self) -> bool {
        self.ask::<End>(Request::SpawnerThreadInFork) == End::Exited(1)
    }

    /// Starts another program, and answers with its id and its first line, after which it prints no more.
    pub fn start(&mut self, program: &str, arguments: &[&str]) -> (Pid, String) {
        let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
        let (pid, line) = self.ask(Request::Start { program: program.into(), arguments });
        (Pid::from_raw(pid), line)
    }

    /// `setsid()`
    pub fn new_session(&mut self) {
        self.ask(Request::NewSession)
    }

    /// `setpgid(0, group)`
    pub fn join_process_group(&mut self, group: Pid) {
        self.ask(Request::JoinProcessGroup { group: group.as_raw() })
    }

    /// `setpgid(0, 0)`
    pub fn lead_process_group(&mut self) {
        self.join_process_group(Pid::from_raw(0))
    }

    /// Closes every descriptor but its line.
    pub fn close_others(&mut self) {
        self.ask(Request::CloseOthers)
    }

    /// Opens pipes from which nothing will ever be read.
    pub fn open_pipes(&mut self) {
        self.ask(Request::OpenPipes)
    }

    /// Has it watch so many new files in a folder by inotify.
    pub fn watch_folder(&mut self, folder: &Path, watches: usize) {
        self.ask(Request::WatchFolder { folder: folder.to_owned(), watches })
    }

    /// Has it exit at the end of its standard input, as a server does.
    pub fn end_with_input(&mut self) {
        self.ask(Request::EndWithInput)
    }

    /// Opens files until its descriptor table is full.
    pub fn fill_descriptors(&mut self) {
        self.ask(Request::FillDescriptors)
    }

    /// Closes them again.
    pub fn free_descriptors(&mut self) {
        self.ask(Request::FreeDescriptors)
    }

    /// Becomes another user, who may have no more processes and threads than this one.
    pub fn limit_processes(&mut self, uid: u32) {
        self.ask(Request::LimitProcesses { uid })
    }

    /// Has every allocation hang from now on.
    pub fn jam_the_allocator(&mut self) {
        self.tell(Request::JamTheAllocator);
    }

    /// Has the main thread panic, and never come to an end of it.
    pub fn panic_for_ever(&mut self) {
        self.tell(Request::PanicForEver);
    }

    /// Ends the main thread alone.
    pub fn end_main_thread(&mut self) {
        self.tell(Request::EndMainThread);
        let stat = format!("/proc/{0}/task/{0}/stat", self.pid);
        until("the main thread's end", || fs::read_to_string(&stat).unwrap().contains(") Z ").then_some(()));
    }

    /// Does away with `/proc`, or mounts it with options.
    pub fn change_proc(&mut self, options: Option<&str>) -> Result<(), String> {
        self.ask(Request::ChangeProc { options: options.map(str::to_owned) })
    }

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

    /// `getppid()`
    pub fn parent(&mut self) -> Pid {
        Pid::from_raw(self.ask(Request::Parent))
    }

    /// Counts a signal from now on instead of dying of it.
    pub fn catch(&mut self, signal: Signal) {
        self.ask(Request::Catch { signal: signal as i32 })
    }

    /// Waits until so many signals were caught.
    pub fn await_caught(&mut self, signals: usize) {
        until("a caught signal", || (self.caught() == signals).then_some(()));
    }

    /// Waits until a signal was caught, and those that were sent with it.
    pub fn await_first_caught(&mut self) {
        until("a caught signal", || (self.caught() > 0).then_some(()));
    }

    /// How many signals were caught.
    pub fn caught(&mut self) -> usize {
        self.ask(Request::Caught)
    }

    /// Ignores a signal.
    pub fn ignore(&mut self, signal: Signal) {
        self.ask(Request::Ignore { signal: signal as i32 })
    }

    /// Blocks a signal.
    pub fn block(&mut self, signal: Signal) {
        self.ask(Request::Block { signal: signal as i32 })
    }

    /// Lets a blocked signal through, which may be its end.
    pub fn unblock(&mut self, signal: Signal) {
        self.tell(Request::Unblock { signal: signal as i32 })
    }

    /// Sends itself a signal that it survives.
    pub fn raise(&mut self, signal: Signal) {
        self.ask(Request::Raise { signal: signal as i32 })
    }

    /// `setuid(uid)`
    pub fn set_user(&mut self, uid: u32) {
        self.ask(Request::SetUser { uid })
    }

    /// Becomes an ordinary user in every respect.
    pub fn drop_privileges(&mut self, uid: u32) {
        self.ask(Request::DropPrivileges { uid })
    }

    /// Has it be in so many supplementary groups.
    pub fn set_groups(&mut self, number: u32) {
        self.ask(Request::SetGroups { number })
    }

    /// `geteuid()`
    pub fn effective_user(&mut self) -> u32 {
        self.ask(Request::EffectiveUser)
    }

    /// Whether orphans among its descendants come to it.
    pub fn is_subreaper(&mut self) -> bool {
        self.ask(Request::IsSubreaper)
    }

    /// Has threads that start a process each, and another whenever that ends.
    pub fn supervise(&mut self) {
        self.ask(Request::Supervise)
    }

    /// Adopts orphans among its descendants from now on.
    pub fn become_subreaper(&mut self) {
        self.ask(Request::Subreaper)
    }

    /// Puts the children that it spawns from now on into a new pid namespace.
    pub fn new_pid_namespace(&mut self) -> Result<(), String> {
        self.ask(Request::NewPidNamespace)
    }

    /// Has a seccomp filter refuse a system call.
    pub fn refuse(&mut self, what: impl Into<Refusal>) {
        self.ask(Request::Refuse(what.into()))
    }

    /// Has a seccomp filter refuse a system call to all its threads.
    pub fn refuse_everywhere(&mut self, what: impl Into<Refusal>) {
        self.ask(Request::RefuseEverywhere(what.into()))
    }

    /// The numbers of its threads and open descriptors.
    pub fn count(&mut self) -> (usize, usize) {
        self.ask(Request::Count)
    }

    /// Waits for the end of a child of its own.
    pub fn wait_for(&mut self, child: &Actor<'_>) -> End {
        self.wait_for_pid(child.pid)
    }

    /// The same for one that is no actor.
    pub fn wait_for_pid(&mut self, child: Pid) -> End {
        self.ask(Request::Wait { pid: child.as_raw() })
    }

    /// The same for one in the actor's own pid namespace.
    pub fn wait_for_own(&mut self, child: &Actor<'_>) -> End {
        self.ask(Request::Wait { pid: child.own_pid.as_raw() })
    }

    /// Panics unless it does as it is told: it lives, and whatever signal was pending has not stopped that.
    pub fn assert_lives(&mut self) {
        self.ask(Request::Ping)
    }

    /// `getpgid()`
    pub fn group(&self) -> Pid {
        getpgid(Some(self.pid)).unwrap()
    }

    /// Sends it a signal.
    pub fn send(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    /// Has it die, without waiting for its end.
    pub fn tell_die(&mut self, cause: Cause) {
        self.tell(Request::Die(cause));
    }

    /// Ends it, a child of the test, and returns when it is gone and its children have been told.
    pub fn die(mut self, cause: Cause) -> WaitStatus {
        self.tell_die(cause);
        self.end()
    }

    /// The same by SIGKILL.
    pub fn kill(self) {
        self.send(Signal::SIGKILL);
        self.assert_dies_of(Signal::SIGKILL);
    }

    /// Waits for the end of a process that is, or by then has become, a child of the test.
    pub fn end(&self) -> WaitStatus {
        await_readable(&self.process, "a process's end");
        waitpid(self.pid, None).unwrap()
    }

    /// The same, and panics unless that signal was it.
    #[track_caller]
    pub fn assert_dies_of(&self, signal: Signal) {
        assert_eq!(self.end(), WaitStatus::Signaled(self.pid, signal, false));
    }

    /// Waits until it is dead; somebody else reaps it.
    pub fn await_dead(&self) {
        await_readable(&self.process, "a process's end");
    }

    /// Whether it is dead, or dies within moments.
    pub fn dies(&self) -> bool {
        is_readable(&self.process, Duration::from_millis(20))
    }

    /// Waits until it is dead and reaped.
    pub fn await_gone(&self) {
        until("a process that is gone", || getpgid(Some(self.pid)).err());
    }

    /// Waits until its main thread sleeps in a call of the poll family.
    pub fn await_poll(&self) {
        let calls = [libc::SYS_poll, libc::SYS_ppoll, libc::SYS_restart_syscall].map(|call| format!("{call} "));
        let path = format!("/proc/{}/syscall", self.pid);
        let polls = |now: String| calls.iter().any(|call| now.starts_with(call));
        until("a thread that polls", || polls(fs::read_to_string(&path).unwrap()).then_some(()));
    }

    /// Whether it has answered what it was told, which it does not while it waits.
    pub fn has_answered(&self) -> bool {
        is_readable(self.line.get_ref(), Duration::from_millis(20))
    }

    /// Sends it a signal again and again until it answers what it was told; how many times.
    pub fn send_until_answered(&self, signal: Signal) -> usize {
        let mut sent = 0;
        while !is_readable(self.line.get_ref(), Duration::from_millis(5)) {
            self.send(signal);
            sent += 1;
        }
        sent
    }

    /// Waits until it is stopped.
    pub fn await_stopped(&self) {
        let stat = format!("/proc/{}/stat", self.pid);
        until("a stopped process", || fs::read_to_string(&stat).unwrap().contains(") T ").then_some(()));
    }
}

fn hear<T: DeserializeOwned>(line: &mut BufReader<UnixStream>) -> T {
    let mut text = String::new();
    line.read_line(&mut text).expect("an actor's answer");
    assert!(!text.is_empty(), "the actor has died instead of answering");
    serde_json::from_str(&text).unwrap()
}
