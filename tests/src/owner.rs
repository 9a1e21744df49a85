//! An actor that owns a tether, or spawns children that die with it: its requests, and what it does.

use std::env;
use std::fs::{self, File};
use std::io::{self, IoSlice, Read};
use std::mem;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::resource::{getrlimit, rlim_t, setrlimit, Resource};
use nix::sys::signal::Signal;
use nix::sys::socket::{sendmsg, ControlMessage, MsgFlags};
use nix::sys::wait::{waitpid, WaitPidFlag};
use nix::unistd::{self, Pid};
use pdeathsig::{ChildExt, CommandExt as _, ShutdownOutcome, Tether};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::actor::Actor;
use crate::actor_process::{named, own_program, run_actor, wait, with_error_text};
use crate::harness::until;
use crate::protocol::{End, Request};
use crate::raw;

/// Requests to an owner.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Own {
    Tether {
        signal: i32,
    },
    Spawn(Spawning),
    Drop,
    DropInFork,
    /// Calls the other methods in a fork. Answers with those that were no error which says that it is a fork.
    MethodsInFork {
        child: i32,
    },
    /// `Tether::global` here, then in a fork. Answers with whether the latter is an error that says so.
    GlobalInFork,
    Release,
    ReleaseInFork,
    Attach {
        leader: i32,
    },
    Contains {
        pid: i32,
    },
    WaitTimeout {
        timeout: Duration,
    },
    Leak,
    Send {
        signal: i32,
    },
    Shutdown {
        signal: i32,
        grace: Duration,
    },
    ExecArmed {
        signal: i32,
    },
    /// Spawns so many `true`s one after another, and waits for each.
    Churn {
        commands: usize,
    },
    /// Waits for any child as long as one has ended; with `__WALL` or without. Answers with the ends it has seen.
    WaitForAny {
        all: bool,
    },
    LimitDescriptors {
        number: u64,
    },
    RunUnixGc,
    DumpCoreInto {
        folder: PathBuf,
    },
    KillGroupOf {
        child: i32,
    },
    /// An actor by fork alone, with this process id.
    ForkWithNumber {
        pid: i32,
    },
}

/// How an owner spawns a child, which is an actor unless another program is named.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spawning {
    /// Another program, and its arguments.
    pub program: Option<(PathBuf, Vec<String>)>,
    /// `tether(…)`, with the owner's tether.
    pub tethered: bool,
    /// `die_with_parent(…)`
    pub armed: Option<i32>,
    /// `process_group(…)`, after that.
    pub group: Option<i32>,
    /// `uid(…)`
    pub user: Option<u32>,
    /// Its standard input is a pipe, of which the owner has the other end.
    pub piped: bool,
    /// Its standard input is the owner's end of the pipe to this child, which it so holds open.
    pub holds_pipe_to: Option<i32>,
    /// Arms by the bare system call instead, as one does without us.
    pub bare: bool,
    /// Stops between fork and exec, there; std forks then.
    pub halt: Option<Halt>,
    /// By another thread than the main one, which has ended when this returns.
    pub on_thread: bool,
}

/// Where a child stops on its way to exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Halt {
    /// Before it arms.
    BeforeArming,
    /// After it has armed, and then executes its program.
    BeforeExec,
}

impl Spawning {
    /// `tether(…)`
    pub fn tethered() -> Spawning {
        Spawning { tethered: true, ..Spawning::default() }
    }

    /// `die_with_parent(signal)`
    pub fn armed(signal: Signal) -> Spawning {
        Spawning { armed: Some(signal as i32), ..Spawning::default() }
    }

    fn spawn(&self, tether: Option<&Tether>, siblings: &[Child]) -> Result<Child, String> {
        let mut command = match &self.program {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            None => Command::new(own_program()),
        };
        if self.tethered {
            with_error_text(command.tether(tether.unwrap()).map(drop))?;
        }
        if self.halt == Some(Halt::BeforeArming) {
            raw::halt_before_exec(&mut command);
        }
        match self.armed {
            Some(signal) if self.bare => drop(raw::set_bare_before_exec(&mut command, signal)),
            Some(signal) => drop(command.die_with_parent(named(signal))),
            None => {}
        }
        if self.halt == Some(Halt::BeforeExec) {
            raw::halt_before_exec(&mut command);
        }
        if self.piped {
            command.stdin(Stdio::piped());
        }
        if let Some(pid) = self.holds_pipe_to {
            let sibling = siblings.iter().find(|sibling| sibling.id() == pid as u32).unwrap();
            command.stdin(sibling.stdin.as_ref().unwrap().as_fd().try_clone_to_owned().unwrap());
        }
        if let Some(group) = self.group {
            command.process_group(group);
        }
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        with_error_text(command.spawn())
    }
}

/// What an owner has.
#[derive(Debug, Default)]
pub(crate) struct OwnerState {
    tether: Option<Tether>,
    children: Vec<Child>,
}

impl OwnerState {
    pub(crate) fn execute(&mut self, own: Own) -> Value {
        match own {
            Own::Tether { signal } => {
                json!(with_error_text(Tether::new(named(signal)).map(|tether| self.tether = Some(tether))))
            }
            Own::Spawn(spawning) => {
                let spawn = || spawning.spawn(self.tether.as_ref(), &self.children);
                let child = if spawning.on_thread {
                    thread::scope(|scope| scope.spawn(spawn).join().unwrap())
                } else {
                    spawn()
                };
                json!(child.map(|child| {
                    self.children.push(child);
                    self.children.last().unwrap().id()
                }))
            }
            Own::Drop => json!(drop(self.tether.take().unwrap())),
            Own::DropInFork => {
                let tether = self.tether.as_ref().unwrap();
                let fork = raw::in_fork(|| {
                    raw::drop_copy(tether);
                    0
                });
                json!(wait(fork))
            }
            Own::Leak => json!(mem::forget(self.tether.take().unwrap())),
            Own::Send { signal } => json!(with_error_text(self.tether.as_ref().unwrap().send_signal(named(signal)))),
            Own::Shutdown { signal, grace } => {
                let outcome = self.tether.as_ref().unwrap().shutdown(named(signal), grace);
                json!(with_error_text(outcome.map(|outcome| outcome == ShutdownOutcome::Exited)))
            }
            Own::MethodsInFork { child } => {
                let (tether, child) = (self.tether.as_ref().unwrap(), child as u32);
                let fork = raw::in_fork(|| methods_that_work(tether, child));
                json!(wait(fork))
            }
            Own::GlobalInFork => {
                Tether::global().unwrap();
                let fork = raw::in_fork(|| {
                    i32::from(Tether::global().is_err_and(|error| error.to_string().contains("fork of it")))
                });
                json!(wait(fork))
            }
            Own::Release => json!(with_error_text(self.tether.take().unwrap().release())),
            Own::ReleaseInFork => {
                let tether = self.tether.as_ref().unwrap();
                let fork = raw::in_fork(|| i32::from(raw::copy(tether).release().is_ok()));
                json!(wait(fork))
            }
            Own::Attach { leader } => json!(with_error_text(self.tether.as_ref().unwrap().attach(leader as u32))),
            Own::Contains { pid } => json!(self.tether.as_ref().unwrap().contains(pid as u32)),
            Own::WaitTimeout { timeout } => json!(with_error_text(self.tether.as_ref().unwrap().wait_timeout(timeout))),
            Own::Churn { commands } => {
                for _ in 0..commands {
                    let mut command = Command::new("true");
                    command.tether(self.tether.as_ref().unwrap()).unwrap().status().unwrap();
                }
                Value::Null
            }
            Own::WaitForAny { all } => {
                let flags = if all { WaitPidFlag::WNOHANG | WaitPidFlag::__WALL } else { WaitPidFlag::WNOHANG };
                let mut ended = Vec::new();
                while let Some(pid) = waitpid(None, Some(flags)).ok().and_then(|status| status.pid()) {
                    ended.push(pid.as_raw());
                }
                json!(ended)
            }
            Own::LimitDescriptors { number } => {
                json!(setrlimit(Resource::RLIMIT_NOFILE, number as rlim_t, number as rlim_t).unwrap())
            }
            Own::RunUnixGc => json!(run_unix_gc()),
            Own::DumpCoreInto { folder } => {
                env::set_current_dir(folder).unwrap();
                let (_, allowed) = getrlimit(Resource::RLIMIT_CORE).unwrap();
                json!(setrlimit(Resource::RLIMIT_CORE, allowed, allowed).unwrap())
            }
            Own::KillGroupOf { child } => {
                let child = self.children.iter_mut().find(|owned| owned.id() == child as u32).unwrap();
                json!(with_error_text(child.kill_process_group()))
            }
            Own::ForkWithNumber { pid } => {
                let fork = raw::fork_with_number(Pid::from_raw(pid), run_actor);
                json!(fork.map_err(|error| error.to_string()).unwrap())
            }
            Own::ExecArmed { signal } => {
                let mut command = Command::new(own_program());
                json!(command.die_with_parent(named(signal)).exec().to_string())
            }
        }
    }
}

/// In a fork of the owner: one bit for each method that does not answer with an error which says so.
fn methods_that_work(tether: &Tether, child: u32) -> i32 {
    let kill = pdeathsig::Signal::KILL;
    let errors = [
        tether.send_signal(kill).err(),
        tether.shutdown(kill, Duration::ZERO).err(),
        tether.wait_timeout(Duration::ZERO).err(),
        tether.attach(child).err(),
        Command::new("true").tether(tether).err(),
    ];
    let says_so = |error: Option<io::Error>| error.is_some_and(|error| error.to_string().contains("fork of it"));
    let works = errors.into_iter().map(|error| !says_so(error)).chain([tether.contains(child)]);
    works.enumerate().map(|(bit, works)| i32::from(works) << bit).sum()
}

/// Has the kernel collect sockets that only refer to each other, and returns when it has.
fn run_unix_gc() {
    let (witness, held) = unistd::pipe().unwrap();
    let mut witness = File::from(witness);
    let (one, other) = UnixStream::pair().unwrap();
    for (socket, fds) in [(&one, [one.as_raw_fd(), held.as_raw_fd()]), (&other, [other.as_raw_fd(), held.as_raw_fd()])]
    {
        let rights = [ControlMessage::ScmRights(&fds)];
        sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(&[0])], &rights, MsgFlags::empty(), None).unwrap();
    }
    drop((one, other, held));
    thread::scope(|scope| {
        let reader = scope.spawn(|| witness.read_to_end(&mut Vec::new()).unwrap());
        until("a collection of garbage", || {
            // It is when a socket is closed that the kernel looks for garbage.
            drop(UnixStream::pair().unwrap());
            reader.is_finished().then_some(())
        });
    });
}

impl<'a> Actor<'a> {
    /// `Tether::new(signal)`, in place of the one it has.
    pub fn tether(&mut self, signal: Signal) -> Result<(), String> {
        self.tether_by_number(signal as i32)
    }

    /// The same with any signal.
    pub fn tether_by_number(&mut self, signal: i32) -> Result<(), String> {
        self.ask(Request::Own(Own::Tether { signal }))
    }

    /// A child that is an actor.
    pub fn spawn_as(&mut self, spawning: Spawning) -> Actor<'a> {
        self.try_spawn(spawning).unwrap();
        self.harness().accept()
    }

    /// A child that is an actor, tethered.
    pub fn spawn_tethered(&mut self) -> Actor<'a> {
        self.spawn_as(Spawning::tethered())
    }

    /// A child, or the error.
    pub fn try_spawn(&mut self, spawning: Spawning) -> Result<Pid, String> {
        self.request_spawn(spawning);
        self.answer_to_spawn()
    }

    /// Has it spawn a child, without waiting for the answer.
    pub fn request_spawn(&mut self, spawning: Spawning) {
        self.send_request(Request::Own(Own::Spawn(spawning)));
    }

    /// The answer.
    pub fn answer_to_spawn(&mut self) -> Result<Pid, String> {
        self.receive::<Result<i32, String>>().map(Pid::from_raw)
    }

    /// Drops its tether.
    pub fn drop_tether(&mut self) {
        self.ask(Request::Own(Own::Drop))
    }

    /// Drops its tether in a fork of itself, which ends.
    pub fn drop_tether_in_fork(&mut self) {
        self.ask::<Value>(Request::Own(Own::DropInFork));
    }

    /// `mem::forget(tether)`
    pub fn leak_tether(&mut self) {
        self.ask(Request::Own(Own::Leak))
    }

    /// `Tether::send_signal(signal)`
    pub fn signal_tethered(&mut self, signal: Signal) -> Result<(), String> {
        self.ask(Request::Own(Own::Send { signal: signal as i32 }))
    }

    /// The methods of its tether, called in a fork of it: 0 if each is an error that says so.
    pub fn call_methods_in_fork(&mut self, child: Pid) -> End {
        self.ask(Request::Own(Own::MethodsInFork { child: child.as_raw() }))
    }

    /// `Tether::global` here, then in a fork: 1 if the latter is an error that says so.
    pub fn global_tether_in_fork(&mut self) -> End {
        self.ask(Request::Own(Own::GlobalInFork))
    }

    /// `Tether::release`
    pub fn release_tether(&mut self) -> Result<(), String> {
        self.ask(Request::Own(Own::Release))
    }

    /// The same in a fork of it.
    pub fn release_tether_in_fork(&mut self) -> End {
        self.ask(Request::Own(Own::ReleaseInFork))
    }

    /// `Tether::attach(leader)`
    pub fn attach(&mut self, leader: Pid) -> Result<(), String> {
        self.ask(Request::Own(Own::Attach { leader: leader.as_raw() }))
    }

    /// `Tether::contains(pid)`
    pub fn tether_contains(&mut self, pid: Pid) -> bool {
        self.ask(Request::Own(Own::Contains { pid: pid.as_raw() }))
    }

    /// `Tether::wait_timeout(timeout)`
    pub fn wait_tethered(&mut self, timeout: Duration) -> Result<bool, String> {
        self.request_wait_tethered(timeout);
        self.receive()
    }

    /// Has it wait, without waiting for the answer.
    pub fn request_wait_tethered(&mut self, timeout: Duration) {
        self.send_request(Request::Own(Own::WaitTimeout { timeout }));
    }

    /// `Tether::shutdown(signal, grace)`: whether all exited by themselves.
    pub fn shut_down(&mut self, signal: Signal, grace: Duration) -> Result<bool, String> {
        self.request_shutdown(signal, grace);
        self.receive()
    }

    /// Has it shut down, without waiting for the answer.
    pub fn request_shutdown(&mut self, signal: Signal, grace: Duration) {
        self.send_request(Request::Own(Own::Shutdown { signal: signal as i32, grace }));
    }

    /// The answer.
    pub fn answer_to_shutdown(&mut self) -> Result<bool, String> {
        self.receive()
    }

    /// Spawns so many programs that end at once, tethered, one after another.
    pub fn churn(&mut self, commands: usize) {
        self.ask(Request::Own(Own::Churn { commands }))
    }

    /// Waits for any child as long as one has ended; with `__WALL` or without. Returns their pids.
    pub fn wait_for_any(&mut self, all: bool) -> Vec<Pid> {
        self.ask::<Vec<i32>>(Request::Own(Own::WaitForAny { all })).into_iter().map(Pid::from_raw).collect()
    }

    /// A child by fork alone, with a number that is free.
    pub fn fork_with_number(&mut self, pid: Pid) -> Actor<'a> {
        self.ask::<Value>(Request::Own(Own::ForkWithNumber { pid: pid.as_raw() }));
        self.harness().accept()
    }

    /// Lets it have so many descriptors.
    pub fn limit_descriptors(&mut self, number: u64) {
        self.ask(Request::Own(Own::LimitDescriptors { number }))
    }

    /// Has the kernel collect garbage among the sockets in flight.
    pub fn run_unix_gc(&mut self) {
        self.ask(Request::Own(Own::RunUnixGc))
    }

    /// Has it write a core dump there when it crashes, if that is allowed.
    pub fn dump_core_into(&mut self, folder: &Path) {
        self.ask(Request::Own(Own::DumpCoreInto { folder: folder.to_owned() }))
    }

    /// `child.kill_process_group()`
    pub fn kill_group_of(&mut self, child: Pid) -> Result<(), String> {
        self.ask(Request::Own(Own::KillGroupOf { child: child.as_raw() }))
    }

    /// Its children that have exited and were not waited for.
    pub fn zombies(&self) -> Vec<Pid> {
        self.children_that(") Z ")
    }

    /// The child that has stopped on its way to exec.
    pub fn halted_child(&self) -> Pid {
        until("a child that stops", || self.children_that(") T ").first().copied())
    }

    fn children_that(&self, state: &str) -> Vec<Pid> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap().flatten();
        let children =
            threads.flat_map(|thread| fs::read_to_string(thread.path().join("children"))).collect::<String>();
        let pids = children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap()));
        let is_so = |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(state));
        pids.filter(is_so).collect()
    }

    /// Execs a command with `die_with_parent` in its own place. Returns the error.
    pub fn exec_armed(&mut self, signal: Signal) -> String {
        self.ask(Request::Own(Own::ExecArmed { signal: signal as i32 }))
    }
}
