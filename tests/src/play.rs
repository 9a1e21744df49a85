//! The actor's side: a process that does as it is told.

use std::alloc::System;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sched::{unshare, CloneFlags};
use nix::sys::prctl;
use nix::sys::resource::{setrlimit, Resource};
use nix::sys::signal::{self, SigEvent, SigSet, SigevNotify};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::time::ClockId;
use nix::unistd::{self, Pid, Uid};
use pdeathsig::{DieWithParent, Error, Signal};
use serde_json::{json, Value};
use stats_alloc::{Region, StatsAlloc, INSTRUMENTED_SYSTEM};

use crate::protocol::{Cause, End, Hello, Request};
use crate::raw;
use crate::stage::LINE;

/// Far longer than a test.
const LIFETIME: Duration = Duration::from_secs(300);

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Plays until told to return, or until the test is over.
pub fn play() {
    // An end that comes even when it is stopped and its test has been killed.
    let mut end = Timer::new(
        ClockId::CLOCK_MONOTONIC,
        SigEvent::new(SigevNotify::SigevSignal { signal: signal::SIGKILL, si_value: 0 }),
    )
    .unwrap();
    end.set(Expiration::OneShot(TimeSpec::from_duration(LIFETIME)), TimerSetTimeFlags::empty()).unwrap();
    // A crash that was asked for should leave no core file.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).unwrap();
    let line = UnixStream::connect(env::var_os(LINE).expect("an actor is started by a test")).unwrap();
    say(&line, &json!(Hello { pid: process::id() as i32 }));
    let mut spawner = None;
    for request in BufReader::new(&line).lines().map_while(Result::ok) {
        match follow(serde_json::from_str(&request).unwrap(), &mut spawner) {
            Some(answer) => say(&line, &answer),
            None => return,
        }
    }
}

fn say(mut line: &UnixStream, answer: &Value) {
    if line.write_all(format!("{answer}\n").as_bytes()).is_err() {
        // The test is over.
        process::exit(0);
    }
}

/// The answer, or none if it was told to return.
fn follow(request: Request, spawner: &mut Option<Spawner>) -> Option<Value> {
    let answer = match request {
        Request::Ping => Value::Null,
        Request::Arm { signal, expected_parent } => {
            let options = DieWithParent::new(named(signal));
            let options = expected_parent.into_iter().fold(options, DieWithParent::expected_parent);
            let region = Region::new(COUNTING);
            let result = options.arm();
            let allocations = region.change().allocations;
            json!((told(result), allocations))
        }
        Request::ArmOnThread { signal } => {
            json!(told(on_thread(move || pdeathsig::die_with_parent(named(signal)))))
        }
        Request::SetBareOnThread { signal } => {
            let there = on_thread(move || raw::set_bare(signal).map(|()| read()).unwrap());
            json!((there, read()))
        }
        Request::SetBare { signal } => json!(raw::set_bare(signal).unwrap()),
        Request::Outlive => json!(told(pdeathsig::outlive_parent())),
        Request::OutliveOnThread => json!(told(on_thread(pdeathsig::outlive_parent))),
        Request::Read => json!(read()),
        Request::Parent => json!(unistd::getppid().as_raw()),
        Request::Spawn => json!(spawn()),
        Request::SpawnOnThread => {
            let (pid, thread) = Spawner::start();
            *spawner = Some(thread);
            json!(pid)
        }
        Request::EndSpawner => json!(spawner.take().unwrap().end()),
        Request::ReadInFork => json!(wait(raw::in_fork(|| read().unwrap().unwrap_or(0)))),
        Request::Exec { program } => exec(program),
        Request::ExecOnThread => on_thread(|| exec(None)),
        Request::Catch { signal } => json!(raw::catch(signal)),
        Request::Caught => json!(raw::caught()),
        Request::Ignore { signal } => json!(raw::ignore(signal)),
        Request::Block { signal } => json!(SigSet::from(raw::named(signal)).thread_block().unwrap()),
        Request::Unblock { signal } => json!(SigSet::from(raw::named(signal)).thread_unblock().unwrap()),
        Request::Raise { signal } => json!(signal::kill(Pid::this(), raw::named(signal)).unwrap()),
        Request::SetUser { uid } => json!(unistd::setuid(Uid::from_raw(uid)).unwrap()),
        Request::EffectiveUser => json!(unistd::geteuid().as_raw()),
        Request::Subreaper => json!(prctl::set_child_subreaper(true).unwrap()),
        Request::NewPidNamespace => json!(unshare(CloneFlags::CLONE_NEWPID).map_err(|error| error.to_string())),
        Request::Refuse(what) => json!(seccompiler::apply_filter(&what.filter()).unwrap()),
        Request::Wait { pid } => json!(wait(Pid::from_raw(pid))),
        Request::Count => json!((entries("/proc/self/task"), entries("/proc/self/fd"))),
        Request::Die(cause) => return die(cause),
    };
    Some(answer)
}

/// A thread that spawned a child and stays until it is ended.
struct Spawner {
    id: Pid,
    stay: Sender<()>,
    thread: JoinHandle<()>,
}

impl Spawner {
    fn start() -> (u32, Spawner) {
        let (stay, left) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            tell.send((spawn(), unistd::gettid())).unwrap();
            let _ = left.recv();
        });
        let (pid, id) = told.recv().unwrap();
        (pid, Spawner { id, stay, thread })
    }

    fn end(self) {
        drop(self.stay);
        self.thread.join().unwrap();
        // Joined is not gone: the kernel tells the children a little later, and only then takes the thread from the list.
        while Path::new("/proc/self/task").join(self.id.to_string()).exists() {
            thread::yield_now();
        }
    }
}

fn exec(program: Option<PathBuf>) -> ! {
    let program = program.unwrap_or_else(|| env::current_exe().unwrap());
    panic!("exec: {}", Command::new(program).exec());
}

fn spawn() -> u32 {
    Command::new(env::current_exe().unwrap()).spawn().unwrap().id()
}

fn die(cause: Cause) -> Option<Value> {
    match cause {
        Cause::Segfault => raw::segfault(),
        Cause::Abort => process::abort(),
        Cause::Panic => {
            panic::set_hook(Box::new(|_| {}));
            panic!("as told");
        }
        Cause::Exit => process::exit(3),
        Cause::Return => None,
    }
}

fn wait(child: Pid) -> End {
    match waitpid(child, None).unwrap() {
        WaitStatus::Exited(_, status) => End::Exited(status),
        WaitStatus::Signaled(_, signal, _) => End::Killed(signal as i32),
        other => panic!("{other:?}"),
    }
}

fn named(signal: i32) -> Signal {
    Signal::from_raw(signal).unwrap()
}

fn read() -> Result<Option<i32>, String> {
    told(pdeathsig::parent_death_signal().map(|signal| signal.map(Signal::as_raw)))
}

fn told<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| format!("{error:?}"))
}

fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(work).join().unwrap()
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}
