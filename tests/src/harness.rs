//! The test's side: a harness that starts, tracks and reaps the processes of a test.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{kill, Signal};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::sys::statvfs::{statvfs, FsFlags};
use nix::sys::utsname::uname;
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::{dup2_stderr, geteuid, Pid};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use tempfile::TempDir;

use crate::actor::Actor;
use crate::launching::state_of;
use crate::{number_from_environment, raw};

/// Where an actor finds the test.
pub(crate) const LINE: &str = "PDEATHSIG_TESTS_LINE";

/// Far more than anything here takes on a slow, busy machine; it only ends a test that would hang.
/// `PDEATHSIG_DEADLINE` sets it for a machine that is emulated.
pub fn deadline() -> Duration {
    static DEADLINE: OnceLock<Duration> = OnceLock::new();
    *DEADLINE.get_or_init(|| Duration::from_secs(number_from_environment("PDEATHSIG_DEADLINE").unwrap_or(60)))
}

/// One test at a time in a test program, so that every child of the process belongs to the test that runs.
static ONE_TEST: Mutex<()> = Mutex::new(());

/// The processes of one test. All that is left of them is killed and reaped when it is dropped.
#[derive(Debug)]
pub struct Harness {
    listener: UnixListener,
    folder: TempDir,
    program: &'static str,
    _one_test: MutexGuard<'static, ()>,
}

impl Harness {
    /// Opens a harness whose actors run the program file `actor`: `env!("CARGO_BIN_EXE_actor")`.
    pub fn open(actor: &'static str) -> Harness {
        // A test that failed has still cleaned up its harness.
        let one_test = ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner);
        prctl::set_child_subreaper(true).unwrap();
        raw::stop_ignoring();
        let folder = tempfile::tempdir().unwrap();
        keep_errors(&folder.path().join(ERRORS));
        let line = folder.path().join("line");
        let listener = UnixListener::bind(&line).unwrap();
        // Actors that have given up root come back here too.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&line, Permissions::from_mode(0o777)).unwrap();
        env::set_var(LINE, line);
        // It has the dynamic linker make hundreds of system calls in each program.
        env::remove_var("LD_LIBRARY_PATH");
        Harness { listener, folder, program: actor, _one_test: one_test }
    }

    /// A new actor, a child of the test.
    // Reaped by its id, as all are: most become children of the test only when their parent dies.
    #[allow(clippy::zombie_processes)]
    pub fn actor(&self) -> Actor<'_> {
        self.start(&mut Command::new(self.program));
        self.accept()
    }

    /// An actor, a child of the test, and one that it spawns.
    pub fn parent_and_child(&self) -> (Actor<'_>, Actor<'_>) {
        let mut parent = self.actor();
        let child = parent.spawn();
        (parent, child)
    }

    /// Starts any command as a child of the test. Without a harness, another test's would take it for its own.
    pub fn start(&self, command: &mut Command) -> Child {
        command.spawn().unwrap()
    }

    /// Runs any command to its end.
    pub fn run(&self, command: &mut Command) -> Output {
        command.output().unwrap()
    }

    /// Panics if the test has a child, dead or alive.
    pub fn assert_no_process_is_left(&self) {
        assert_eq!(children(), []);
    }

    /// Reaps the orphans that have come to the test, until there are none; how many of them SIGKILL has ended. Panics
    /// if one lives, but for moments: a helper that killed the others ends after them.
    pub fn killed_orphans(&self) -> usize {
        // Shorter than they would live.
        self.killed_orphans_within(Duration::from_secs(15)).unwrap_or_else(|| panic!("these live on: {}", described()))
    }

    /// The same, but none if one lives for longer than that.
    pub fn killed_orphans_within(&self, time: Duration) -> Option<usize> {
        let start = Instant::now();
        let mut killed = 0;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL)) {
                Ok(WaitStatus::StillAlive) if start.elapsed() > time => return None,
                Ok(WaitStatus::StillAlive) => pause(start.elapsed()),
                Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _)) => killed += 1,
                Ok(_) => {}
                Err(Errno::ECHILD) => return Some(killed),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits for the end of a process that is, or by then has become, a child of the test: the signal that killed it.
    pub fn end_of(&self, process: Pid) -> i32 {
        let end = until("a process's end", || raw::try_wait(process));
        assert!(libc::WIFSIGNALED(end), "it ended with {end:#x}");
        libc::WTERMSIG(end)
    }

    /// The same for one that exits: its status.
    pub fn exit_status_of(&self, process: Pid) -> i32 {
        let end = until("a process's end", || raw::try_wait(process));
        assert!(libc::WIFEXITED(end), "it ended with {end:#x}");
        libc::WEXITSTATUS(end)
    }

    /// Waits for the end of a process, whatever it is.
    pub fn reap(&self, process: Pid) {
        until("a process's end", || raw::try_wait(process));
    }

    /// A folder that goes with the harness.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of the actors' program that may run under other rules, as one with the set-uid bit does.
    pub fn copy_of_program(&self) -> PathBuf {
        let copy = self.folder().join("copy");
        fs::copy(self.program, &copy).unwrap();
        copy
    }

    /// The actor that has called, if one has.
    pub fn accept_if_connected(&self) -> Option<Actor<'_>> {
        is_readable(&self.listener, Duration::ZERO).then(|| self.accept())
    }

    /// Drops the connections of actors that have died since.
    pub fn drop_dead_connections(&self) {
        while is_readable(&self.listener, Duration::ZERO) {
            drop(self.listener.accept().unwrap());
        }
    }

    /// How a child of the test has ended, if it has: a status as of waitpid(2), which reaps it.
    pub fn end_if_ended(&self, process: Pid) -> Option<i32> {
        raw::try_wait(process)
    }

    /// The actor that calls next.
    pub fn accept(&self) -> Actor<'_> {
        await_readable(&self.listener, "an actor's call");
        let (line, _) = self.listener.accept().unwrap();
        // In the test's pid namespace, whatever the actor's own is.
        let pid = Pid::from_raw(getsockopt(&line, PeerCredentials).unwrap().pid());
        Actor::new(self, pid, line)
    }
}

impl Drop for Harness {
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
            // All that are dead by now, since to look for children again is slow when there are thousands.
            let others = || waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL));
            while !matches!(others(), Ok(WaitStatus::StillAlive) | Err(_)) {}
        }
        dup2_stderr(real_stderr()).unwrap();
        if thread::panicking() {
            eprint!("{}", fs::read_to_string(self.folder().join(ERRORS)).unwrap_or_default());
        }
    }
}

/// Where the processes of a test print their errors. Shells report each process that is killed, as tests do on purpose.
const ERRORS: &str = "errors";

fn real_stderr() -> &'static OwnedFd {
    static STDERR: OnceLock<OwnedFd> = OnceLock::new();
    STDERR.get_or_init(|| io::stderr().as_fd().try_clone_to_owned().unwrap())
}

/// Standard error of this process, and of those that it starts, is a file from now on. It is printed if the test fails.
fn keep_errors(file: &Path) {
    real_stderr();
    let errors = File::options().create(true).append(true).open(file).unwrap();
    fs::set_permissions(file, Permissions::from_mode(0o666)).unwrap();
    dup2_stderr(&errors).unwrap();
}

/// A child of this process, alive or dead.
pub fn any_child() -> Option<Pid> {
    children().first().copied()
}

/// The children of this process: pid, command line, state, where it waits.
fn described() -> String {
    let of = |pid: Pid| {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let state = state_of(pid).unwrap_or('?');
        format!("{pid} ({}, {state}, {})", read("cmdline").replace('\0', " ").trim(), read("wchan"))
    };
    children().into_iter().map(of).collect::<Vec<_>>().join(", ")
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

pub(crate) fn await_readable(what: &impl AsFd, name: &str) {
    assert!(is_readable(what, deadline()), "waited {:?} for {name}", deadline());
}

pub(crate) fn is_readable(what: &impl AsFd, within: Duration) -> bool {
    let within = Timespec::try_from(within).unwrap();
    poll(&mut [PollFd::new(what, PollFlags::IN)], Some(&within)).unwrap() == 1
}

/// Asks again and again until there is an answer.
pub fn until<T>(name: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        let waited = start.elapsed();
        assert!(waited < deadline(), "waited {:?} for {name}", deadline());
        pause(waited);
    }
}

/// Before it is asked again: none at first, later an eighth of the time that it has taken, which leaves the processor to
/// what is waited for.
fn pause(waited: Duration) {
    if waited < Duration::from_millis(1) {
        thread::yield_now();
    } else {
        thread::sleep((waited / 8).min(Duration::from_millis(5)));
    }
}

/// Whether the test runs as root; if not, says that it is skipped.
#[must_use]
pub fn needs_root() -> bool {
    geteuid().is_root() || skipped("needs root")
}

/// Whether the kernel is at least this version of Linux; if not, says that the test is skipped.
#[must_use]
pub fn needs_kernel(needed: (u32, u32)) -> bool {
    kernel() >= needed || skipped(&format!("needs Linux {}.{}", needed.0, needed.1))
}

/// The version of Linux.
pub fn kernel() -> (u32, u32) {
    let release = uname().unwrap().release().to_string_lossy().into_owned();
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse().ok());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Whether set-uid programs work in the temporary folder, which they do not on a file system that is mounted with
/// `nosuid`.
#[must_use]
pub fn set_uid_programs_work() -> bool {
    let work = !statvfs(&env::temp_dir()).unwrap().flags().contains(FsFlags::ST_NOSUID);
    work || skipped("set-uid programs do not work in the temporary folder")
}

/// Reports the test of this thread as skipped, past the test runner, which would swallow it. Answers `false`.
pub fn skipped(reason: &str) -> bool {
    let test = thread::current().name().filter(|name| *name != "main").map(|name| format!("{name}: "));
    let mut stderr = File::from(real_stderr().try_clone().unwrap());
    let _ = writeln!(stderr, "SKIPPED {}{reason}", test.unwrap_or_default());
    false
}
