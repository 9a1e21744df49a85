//! The test's side: a stage, and a handle on each process that plays on it.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::{geteuid, Pid};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::process::{pidfd_open, PidfdFlags};
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use crate::protocol::{Cause, End, Hello, Refused, Request};

/// Where an actor finds the test.
pub(crate) const LINE: &str = "PDEATHSIG_TESTS_LINE";

/// Far more than anything here takes on a slow, busy machine; it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// One test at a time in a test program, so that every child of the process belongs to the test that runs.
static CURTAIN: Mutex<()> = Mutex::new(());

/// The processes of one test. All that is left of them is killed and reaped when it is dropped.
#[derive(Debug)]
pub struct Stage {
    listener: UnixListener,
    folder: TempDir,
    program: &'static str,
    _curtain: MutexGuard<'static, ()>,
}

impl Stage {
    /// Opens a stage on which the program file `actor` plays: `env!("CARGO_BIN_EXE_actor")`.
    pub fn open(actor: &'static str) -> Stage {
        // A test that failed has still cleaned its stage up.
        let curtain = CURTAIN.lock().unwrap_or_else(PoisonError::into_inner);
        prctl::set_child_subreaper(true).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let line = folder.path().join("line");
        let listener = UnixListener::bind(&line).unwrap();
        // Actors that have given up root come back here too.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&line, Permissions::from_mode(0o777)).unwrap();
        env::set_var(LINE, line);
        Stage { listener, folder, program: actor, _curtain: curtain }
    }

    /// A new actor, a child of the test.
    // Reaped by its id, as all are: most become children of the test only when their parent dies.
    #[allow(clippy::zombie_processes)]
    pub fn actor(&self) -> Actor<'_> {
        let child = self.start(&mut Command::new(self.program));
        self.enter(Pid::from_raw(child.id() as i32))
    }

    /// Starts any command as a child of the test. Without a stage, another test's would take it for its own.
    pub fn start(&self, command: &mut Command) -> Child {
        command.spawn().unwrap()
    }

    /// Runs any command to its end.
    pub fn run(&self, command: &mut Command) -> Output {
        command.output().unwrap()
    }

    /// Panics if the test has a child, dead or alive.
    pub fn assert_nobody_is_left(&self) {
        assert_eq!(children(), []);
    }

    /// A folder that goes with the stage.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of the actors' program that may run under other rules, as one with the set-uid bit does.
    pub fn copy_of_program(&self) -> PathBuf {
        let copy = self.folder().join("copy");
        fs::copy(self.program, &copy).unwrap();
        copy
    }

    /// The actor that calls next, which is the process `pid`.
    fn enter(&self, pid: Pid) -> Actor<'_> {
        await_readable(&self.listener, "an actor's call");
        let (line, _) = self.listener.accept().unwrap();
        line.set_read_timeout(Some(DEADLINE)).unwrap();
        let process = pidfd_open(rustix::process::Pid::from_raw(pid.as_raw()).unwrap(), PidfdFlags::empty()).unwrap();
        let mut line = BufReader::new(line);
        let hello: Hello = hear(&mut line);
        Actor { stage: self, pid, own_pid: Pid::from_raw(hello.pid), process, line }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Killing one hands its children to this process, a subreaper; so on until there is none.
        loop {
            for child in children() {
                let _ = kill(child, Signal::SIGKILL);
            }
            match waitpid(None, Some(WaitPidFlag::__WALL)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
    }
}

/// The live and dead children of this process.
fn children() -> Vec<Pid> {
    let own = Pid::this().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let parent_of = |pid: &OsStr| {
        let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
        // The name before it, in brackets, may hold anything.
        stat.rsplit_once(") ")?.1.split(' ').nth(1).map(str::to_owned)
    };
    processes
        .filter(|entry| parent_of(&entry.file_name()).is_some_and(|parent| parent == own))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

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

    fn ask<T: DeserializeOwned>(&mut self, request: Request) -> T {
        self.tell(request);
        self.hear()
    }

    /// A child of this actor.
    pub fn spawn(&mut self) -> Actor<'a> {
        let pid = self.ask(Request::Spawn);
        self.stage.enter(Pid::from_raw(pid))
    }

    /// A child spawned by another thread of this actor than the main one; the thread stays.
    pub fn spawn_on_thread(&mut self) -> Actor<'a> {
        let pid = self.ask(Request::SpawnOnThread);
        self.stage.enter(Pid::from_raw(pid))
    }

    /// Ends the thread of [`spawn_on_thread`](Self::spawn_on_thread), and returns when it has ended.
    pub fn end_spawner(&mut self) {
        self.ask(Request::EndSpawner)
    }

    /// Replaces the actor's program by itself, or by another copy.
    pub fn exec(mut self, program: Option<PathBuf>) -> Actor<'a> {
        self.tell(Request::Exec { program });
        self.stage.enter(self.pid)
    }

    /// Replaces the actor's program by itself, from another thread than the main one.
    pub fn exec_on_thread(mut self) -> Actor<'a> {
        self.tell(Request::ExecOnThread);
        self.stage.enter(self.pid)
    }

    /// `DieWithParent::new(signal).arm()`
    pub fn arm(&mut self, signal: Signal) -> Result<(), String> {
        self.tell_arm(signal, None);
        self.hear_armed().0
    }

    /// The same with `expected_parent`.
    pub fn arm_expecting(&mut self, signal: Signal, parent: i32) -> Result<(), String> {
        self.tell_arm(signal, Some(parent as u32));
        self.hear_armed().0
    }

    /// Has it arm, without waiting for the answer.
    pub fn tell_arm(&mut self, signal: Signal, expected_parent: Option<u32>) {
        self.tell(Request::Arm { signal: signal as i32, expected_parent });
    }

    /// The answer: the error, if any, and the number of allocations.
    pub fn hear_armed(&mut self) -> (Result<(), String>, usize) {
        self.hear()
    }

    /// `die_with_parent(signal)` on another thread than the main one.
    pub fn arm_on_thread(&mut self, signal: Signal) -> Result<(), String> {
        self.ask(Request::ArmOnThread { signal: signal as i32 })
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

    /// `getppid()`
    pub fn parent(&mut self) -> Pid {
        Pid::from_raw(self.ask(Request::Parent))
    }

    /// Counts a signal from now on instead of dying of it.
    pub fn catch(&mut self, signal: Signal) {
        self.ask(Request::Catch { signal: signal as i32 })
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

    /// `geteuid()`
    pub fn effective_user(&mut self) -> u32 {
        self.ask(Request::EffectiveUser)
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
    pub fn refuse(&mut self, what: Refused) {
        self.ask(Request::Refuse(what))
    }

    /// The numbers of its threads and open descriptors.
    pub fn count(&mut self) -> (usize, usize) {
        self.ask(Request::Count)
    }

    /// Waits for the end of a child of its own.
    pub fn wait_for(&mut self, child: &Actor<'_>) -> End {
        self.ask(Request::Wait { pid: child.pid.as_raw() })
    }

    /// Panics unless it does as it is told: it lives, and whatever signal was pending has not stopped that.
    pub fn assert_lives(&mut self) {
        self.ask(Request::Ping)
    }

    /// Sends it a signal.
    pub fn send(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    /// Ends it, a child of the test, and returns when it is gone and its children have been told.
    pub fn die(mut self, cause: Cause) -> WaitStatus {
        self.tell(Request::Die(cause));
        self.end()
    }

    /// The same by SIGKILL.
    pub fn kill(self) {
        self.send(Signal::SIGKILL);
        assert_eq!(self.end(), WaitStatus::Signaled(self.pid, Signal::SIGKILL, false));
    }

    /// Waits for the end of a process that is, or by then has become, a child of the test.
    pub fn end(&self) -> WaitStatus {
        await_readable(&self.process, "a process's end");
        waitpid(self.pid, None).unwrap()
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

fn await_readable(what: &impl AsFd, name: &str) {
    let deadline = Timespec::try_from(DEADLINE).unwrap();
    let mut fds = [PollFd::new(what, PollFlags::IN)];
    assert_eq!(poll(&mut fds, Some(&deadline)).unwrap(), 1, "waited {DEADLINE:?} for {name}");
}

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(name: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} for {name}");
        thread::yield_now();
    }
}

/// Whether the test runs as root; if not, says that it is skipped.
#[must_use]
pub fn needs_root(test: &str) -> bool {
    geteuid().is_root() || skipped(test, "needs root")
}

/// Reports a test as skipped, past the test runner, which would swallow it. Answers `false`.
pub fn skipped(test: &str, reason: &str) -> bool {
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
    false
}
