//! Leaves no process behind; with [`play`], not even if this process is killed by SIGKILL.

use std::env;
use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Command, ExitCode};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use pdeathsig::DieWithParent;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use crate::act::DEADLINE;
use crate::style::BAD;
use crate::table::Family;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The signals that end an example.
const INTERRUPTIONS: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

static DOOR: Mutex<()> = Mutex::new(());
static FOLDER: Mutex<Option<TempDir>> = Mutex::new(None);

/// Tells the director the id of the process that has started it.
const DIRECTOR: &str = "PDEATHSIG_EXAMPLES_DIRECTOR";

/// Has `show` played by a director, which is this program, started again in a folder that will be removed. It answers
/// whether what it shows came true.
///
/// When the director ends, however it does, this process kills what is left. If this one is killed by SIGKILL, the
/// director ends with all its descendants.
pub fn play(show: impl FnOnce() -> Result<bool>) -> Result<ExitCode> {
    match env::var(DIRECTOR) {
        Ok(parent) => direct(&parent, show),
        Err(_) => guard(),
    }
}

fn guard() -> Result<ExitCode> {
    when_interrupted()?;
    let folder = tempfile::tempdir()?;
    let mut director = Command::new(env::current_exe()?);
    director.env(DIRECTOR, process::id().to_string()).current_dir(&folder);
    *FOLDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder);
    let open = close_the_door();
    let status = director.spawn().and_then(|mut director| {
        drop(open);
        director.wait()
    });
    // If this was interrupted, it ends behind the door.
    let _closed = close_the_door();
    leave_nothing();
    let status = status?;
    Ok(match status.signal() {
        // Ctrl-C goes to the director, too, which may die before this process hears of it.
        Some(signal) if INTERRUPTIONS.contains(&signal) => ExitCode::from(128 + signal as u8),
        _ if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn direct(parent: &str, show: impl FnOnce() -> Result<bool>) -> Result<ExitCode> {
    prctl::set_child_subreaper(true)?;
    DieWithParent::new(pdeathsig::Signal::KILL).watch().descendants().expected_parent(parent.parse()?).arm()?;
    let truth = show();
    // A watch ends with its process, and finds no process then.
    end_descendants();
    if truth? {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{BAD}That is not what should have happened.{BAD:#}");
    Ok(ExitCode::FAILURE)
}

/// Runs `show`. If it is interrupted meanwhile, the answer is not its own: it fails because its processes are killed.
pub fn interruptible<T>(show: impl FnOnce() -> Result<T>) -> Result<T> {
    when_interrupted()?;
    let truth = show();
    // If this was interrupted, it ends behind the door.
    drop(close_the_door());
    truth
}

/// Makes orphans come to this process, and ends all its descendants when it is interrupted.
pub fn when_interrupted() -> Result<()> {
    prctl::set_child_subreaper(true)?;
    let mut signals = Signals::new(INTERRUPTIONS)?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let _closed = close_the_door();
            leave_nothing();
            process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Hold this to start a process or to end the example. Other threads wait meanwhile.
pub fn close_the_door() -> MutexGuard<'static, ()> {
    DOOR.lock().unwrap_or_else(PoisonError::into_inner)
}

fn leave_nothing() {
    end_descendants();
    drop(FOLDER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Reaps the children of this subreaper until it has none, and so no descendant. If one lives on, the answer is
/// `false`.
pub fn nothing_is_left() -> bool {
    let deadline = Instant::now() + DEADLINE;
    while Instant::now() < deadline {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::sleep(Duration::from_millis(1)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return error == Errno::ECHILD,
        }
    }
    false
}

/// Kills and reaps every descendant of this subreaper.
pub fn end_descendants() {
    // Killing one brings its children here, until there is none. Another thread may be waiting for one of them, so this
    // one must not wait for what another thread has reaped.
    loop {
        for child in Family::now().iter().flat_map(|family| family.generation(1)) {
            let _ = kill(Pid::from_raw(child.pid), Signal::SIGKILL);
        }
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => thread::yield_now(),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}
