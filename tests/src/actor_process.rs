//! The actor's side: a process that executes requests.

use std::env;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::mount::{mount, MsFlags};
use nix::sched::{unshare, CloneFlags};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::prctl;
use nix::sys::resource::{getrlimit, setrlimit, Resource};
use nix::sys::signal::{self, SigEvent, SigSet, SigevNotify};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::time::ClockId;
use nix::unistd::{self, Gid, Pid, Uid};
use pdeathsig::{Parent, Signal};
use serde_json::{json, Value};
use stats_alloc::{Region, INSTRUMENTED_SYSTEM};

use crate::harness::LINE;
use crate::owner::OwnerState;
use crate::protocol::{Cause, End, Hello, Options, Request};
use crate::raw;

/// Far longer than a test.
const LIFETIME: Duration = Duration::from_secs(300);

/// Executes requests until one says to return, or until the test is over.
pub fn run_actor() {
    // An end that comes even when it is stopped and its test has been killed.
    let mut end = Timer::new(
        ClockId::CLOCK_MONOTONIC,
        SigEvent::new(SigevNotify::SigevSignal { signal: signal::SIGKILL, si_value: 0 }),
    )
    .unwrap();
    end.set(Expiration::OneShot(TimeSpec::from_duration(LIFETIME)), TimerSetTimeFlags::empty()).unwrap();
    // A crash that was asked for should leave no core file.
    let (_, allowed) = getrlimit(Resource::RLIMIT_CORE).unwrap();
    setrlimit(Resource::RLIMIT_CORE, 0, allowed).unwrap();
    let line = UnixStream::connect(env::var_os(LINE).expect("an actor is started by a test")).unwrap();
    say(&line, &json!(Hello { pid: process::id() as i32 }));
    let mut actor_state = ActorState {
        line: line.as_raw_fd(),
        spawner: None,
        pinned: None,
        files: Vec::new(),
        owner_state: OwnerState::default(),
    };
    for request in BufReader::new(&line).lines().map_while(Result::ok) {
        match execute(serde_json::from_str(&request).unwrap(), &mut actor_state) {
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

/// What an actor keeps from one request to the next.
struct ActorState {
    line: RawFd,
    spawner: Option<Spawner>,
    pinned: Option<Parent>,
    files: Vec<File>,
    owner_state: OwnerState,
}

/// The answer, or none if the request is to return.
fn execute(request: Request, actor_state: &mut ActorState) -> Option<Value> {
    let ActorState { line, spawner, pinned, files, owner_state } = actor_state;
    let answer = match request {
        Request::Ping => Value::Null,
        Request::Arm { signal, options } => {
            let options = options.build(named(signal));
            let region = Region::new(&INSTRUMENTED_SYSTEM);
            let result = options.arm();
            let allocations = region.change().allocations;
            json!((with_error_text(result), allocations))
        }
        Request::ArmOnThread { signal } => {
            json!(with_error_text(on_thread(move || pdeathsig::die_with_parent(named(signal)))))
        }
        Request::ArmWithOnThread { signal, options } => {
            json!(with_error_text(on_thread(move || options.build(named(signal)).arm())))
        }
        Request::SetBareOnThread { signal } => {
            let there = on_thread(move || raw::set_bare(signal).map(|()| read()).unwrap());
            json!((there, read()))
        }
        Request::SetBare { signal } => json!(raw::set_bare(signal).unwrap()),
        Request::SetBareAndCheck { signal, orphaned } => {
            raw::set_bare(signal).unwrap();
            let orphan = orphaned.says(unistd::getppid().as_raw());
            if orphan {
                signal::kill(Pid::this(), raw::named(signal)).unwrap();
            }
            json!(orphan)
        }
        Request::Outlive => json!(with_error_text(pdeathsig::outlive_parent())),
        Request::OutliveOnThread => json!(with_error_text(on_thread(pdeathsig::outlive_parent))),
        Request::Read => json!(read()),
        Request::Pin => json!(with_error_text(Parent::current().map(|parent| pinned.insert(parent).id()))),
        Request::PinnedIsAlive => json!(pinned.as_ref().unwrap().is_alive()),
        Request::WaitForPinned { timeout } => {
            let parent = pinned.as_ref().unwrap();
            let waited = timeout.map_or_else(|| parent.wait().map(|()| true), |timeout| parent.wait_timeout(timeout));
            json!(with_error_text(waited))
        }
        Request::SpawnerThread => json!(with_error_text(pinned.as_ref().unwrap().spawner_thread())),
        Request::SpawnerThreadInFork => {
            let parent = pinned.as_ref().unwrap();
            json!(wait(raw::in_fork(|| i32::from(parent.spawner_thread().unwrap().is_none()))))
        }
        Request::Parent => json!(unistd::getppid().as_raw()),
        Request::Spawn => json!(spawn()),
        Request::Fork => json!(fork().as_raw()),
        Request::ForkWhileThreadsArm { signal } => json!(fork_while_threads_arm(named(signal)).as_raw()),
        Request::SpawnOnThread => {
            let (pid, thread) = Spawner::start();
            *spawner = Some(thread);
            json!(pid)
        }
        Request::EndSpawner => json!(spawner.take().unwrap().end()),
        Request::Start { program, arguments } => json!(start(program, arguments)),
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
        Request::DropPrivileges { uid } => {
            unistd::setgroups(&[]).unwrap();
            unistd::setgid(Gid::from_raw(uid)).unwrap();
            json!(unistd::setuid(Uid::from_raw(uid)).unwrap())
        }
        Request::SetGroups { number } => {
            // Long names, as those of a directory service are.
            let groups: Vec<Gid> = (0..number).map(|group| Gid::from_raw(4_000_000_000 + group)).collect();
            json!(unistd::setgroups(&groups).unwrap())
        }
        Request::EffectiveUser => json!(unistd::geteuid().as_raw()),
        Request::NewSession => json!(unistd::setsid().map(drop).unwrap()),
        Request::JoinProcessGroup { group } => json!(unistd::setpgid(Pid::this(), Pid::from_raw(group)).unwrap()),
        Request::CloseOthers => json!(raw::close_others(*line)),
        Request::OpenPipes => {
            for (read, write) in (0..20).map(|_| unistd::pipe().unwrap()) {
                files.extend([File::from(read), File::from(write)]);
            }
            Value::Null
        }
        Request::WatchFolder { folder, watches } => {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC).unwrap();
            for file in (0..watches).map(|number| folder.join(format!("watched-{number}"))) {
                File::create(&file).unwrap();
                inotify.add_watch(&file, AddWatchFlags::IN_MODIFY).unwrap();
            }
            files.push(File::from(OwnedFd::from(inotify)));
            Value::Null
        }
        Request::EndWithInput => json!(drop(thread::spawn(end_with_input))),
        Request::FillDescriptors => json!(fill_descriptors(files)),
        Request::FreeDescriptors => json!(files.clear()),
        Request::LimitProcesses { uid } => {
            setrlimit(Resource::RLIMIT_NPROC, 1, 1).unwrap();
            json!(unistd::setuid(Uid::from_raw(uid)).unwrap())
        }
        Request::JamTheAllocator => raw::jam_the_allocator(),
        Request::PanicForEver => {
            panic::set_hook(Box::new(|_| loop {
                unistd::pause();
            }));
            panic!("as requested");
        }
        Request::EndMainThread => raw::end_this_thread(),
        Request::ChangeProc { options } => json!(change_proc(options.as_deref()).map_err(|error| error.to_string())),
        Request::Subreaper => json!(prctl::set_child_subreaper(true).unwrap()),
        Request::NewPidNamespace => json!(unshare(CloneFlags::CLONE_NEWPID).map_err(|error| error.to_string())),
        Request::Refuse(what) => json!(raw::apply(&what.filter(), false).unwrap()),
        Request::RefuseEverywhere(what) => json!(raw::apply(&what.filter(), true).unwrap()),
        Request::IsSubreaper => json!(prctl::get_child_subreaper().unwrap()),
        Request::Supervise => json!((0..4).for_each(|_| drop(thread::spawn(supervise)))),
        Request::Wait { pid } => json!(wait(Pid::from_raw(pid))),
        Request::Count => json!((entries("/proc/self/task"), entries("/proc/self/fd"))),
        Request::Own(own) => owner_state.execute(own),
        Request::Surround(surround) => surround.execute(),
        Request::Workload(workload) => workload.execute(),
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
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            sender.send((spawn(), unistd::gettid())).unwrap();
            let _ = left.recv();
        });
        let (pid, id) = receiver.recv().unwrap();
        (pid, Spawner { id, stay, thread })
    }

    fn end(self) {
        drop(self.stay);
        self.thread.join().unwrap();
        // Joined is not gone: the kernel tells the children a little later, and only then takes the thread from the
        // list.
        while Path::new("/proc/self/task").join(self.id.to_string()).exists() {
            thread::yield_now();
        }
    }
}

fn exec(program: Option<PathBuf>) -> ! {
    let program = program.unwrap_or_else(own_program);
    panic!("exec: {}", Command::new(program).exec());
}

/// What this actor executes, also where no `/proc` tells.
pub(crate) fn own_program() -> PathBuf {
    env::current_exe().unwrap_or_else(|_| env::args_os().next().unwrap().into())
}

fn fork() -> Pid {
    raw::in_fork(|| {
        run_actor();
        0
    })
}

fn fork_while_threads_arm(signal: Signal) -> Pid {
    let over = AtomicBool::new(false);
    let started = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    Options::WATCH.build(signal).arm().unwrap();
                    started.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while started.load(Ordering::SeqCst) < 4 {
            thread::yield_now();
        }
        let child = fork();
        over.store(true, Ordering::SeqCst);
        child
    })
}

fn spawn() -> u32 {
    Command::new(own_program()).spawn().unwrap().id()
}

// Reaped by the harness, once its parent is dead.
#[allow(clippy::zombie_processes)]
fn start(program: PathBuf, arguments: Vec<String>) -> (u32, String) {
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child.id(), line.trim_end().to_owned())
}

fn fill_descriptors(files: &mut Vec<File>) {
    setrlimit(Resource::RLIMIT_NOFILE, 64, 64).unwrap();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
}

fn change_proc(options: Option<&str>) -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    let kind = if options.is_some() { "proc" } else { "tmpfs" };
    mount(Some(kind), "/proc", Some(kind), MsFlags::empty(), options)
}

fn die(cause: Cause) -> Option<Value> {
    match cause {
        Cause::Segfault => raw::segfault(),
        Cause::Abort => process::abort(),
        Cause::Panic => {
            panic::set_hook(Box::new(|_| {}));
            panic!("as requested");
        }
        Cause::Exit => process::exit(3),
        Cause::Return => None,
    }
}

fn end_with_input() {
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    process::exit(0);
}

fn supervise() {
    // It exits by itself if nothing kills it.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        let worker = raw::in_fork(|| {
            unistd::alarm::set(30);
            unistd::pause();
            0
        });
        wait(worker);
    }
}

pub(crate) fn wait(child: Pid) -> End {
    match waitpid(child, None).unwrap() {
        WaitStatus::Exited(_, status) => End::Exited(status),
        WaitStatus::Signaled(_, signal, _) => End::Killed(signal as i32),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn named(signal: i32) -> Signal {
    Signal::from_raw(signal).unwrap()
}

fn read() -> Result<Option<i32>, String> {
    with_error_text(pdeathsig::parent_death_signal().map(|signal| signal.map(Signal::as_raw)))
}

/// An error by its message.
pub(crate) fn with_error_text<T, E: Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(work).join().unwrap()
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}
