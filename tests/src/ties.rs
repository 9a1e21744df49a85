//! How other crates and tools tie a child to its parent, beside ours: for the benchmark `peers`.

use std::fmt::Debug;
use std::os::unix::process::{parent_id, CommandExt as _};
use std::path::Path;
use std::process::{self, Child, Command};
use std::thread;
use std::time::Duration;

use command_group::{CommandGroup, GroupChild};
use fork::ProcessGroupGuard;
use pdeathsig::{CommandExt, DieWithParent, Launcher, Signal, Tether};
use process_guard::{ProcessGuard, ShutdownPolicy};
use process_wrap::std::{ChildWrapper, CommandWrap, ProcessGroup};
use processkit::{RunningProcess, StdioMode};
use tokio::runtime::{Builder, Runtime};

use crate::raw;

/// What ties a child to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// Nothing: `std::process::Command`.
    Nothing,
    /// The child calls `prctl(PR_SET_PDEATHSIG)` and nothing else.
    Prctl,
    /// The same by nix.
    Nix,
    /// The same by rustix.
    Rustix,
    /// `ur_taking_me_with_you::die_with_parent()` in the child.
    Ur,
    /// `pdeathsig::die_with_parent(…)` in the child.
    Call,
    /// `DieWithParent::watch` in the child.
    Watch,
    /// `DieWithParent::descendants` in the child.
    Descendants,
    /// A thread of the child asks for its parent's id every 100 ms.
    Poll,
    /// The same every second.
    PollSlowly,
    /// The parent has the child call `prctl(PR_SET_PDEATHSIG)` before exec.
    PrctlBeforeExec,
    /// `ur_taking_me_with_you::spawn_dying_with_parent(…)`
    UrSpawn,
    /// The parent spawns `setpriv --pdeathsig KILL` with the child's program.
    Setpriv,
    /// The parent spawns `tini -s -p SIGKILL` with the child's program.
    Tini,
    /// The parent spawns `dumb-init` with the child's program.
    DumbInit,
    /// The parent spawns `bwrap --unshare-pid --die-with-parent` with the child's program.
    Bwrap,
    /// `command_group::CommandGroup::group_spawn()`
    CommandGroup,
    /// `process_wrap::std::ProcessGroup::leader()`
    ProcessWrap,
    /// `processkit::Command::start()`
    Processkit,
    /// The same with `kill_on_parent_death()`.
    ProcesskitArmed,
    /// `fork::ProcessGroupGuard`, one for all children.
    Fork,
    /// `process_guard::ProcessGuard::spawn_process_group()`
    ProcessGuard,
    /// The same with `parent_death_signal`.
    ProcessGuardArmed,
    /// `pdeathsig::CommandExt::die_with_parent`
    DieWithParent,
    /// `pdeathsig::Tether`
    Tether,
    /// `pdeathsig::Launcher`, which executes the parent's own program.
    Launcher,
    /// The parent spawns the command `pdeathsig` with the child's program.
    Pdeathsig,
}

/// All of them: what they are called on a command line, and by people.
const NAMES: [(Tie, &str, &str); 27] = [
    (Tie::Nothing, "nothing", "no protection"),
    (Tie::Prctl, "prctl", "bare `prctl`"),
    (Tie::Nix, "nix", "`nix`"),
    (Tie::Rustix, "rustix", "`rustix`"),
    (Tie::Ur, "ur", "`ur-taking-me-with-you`, call"),
    (Tie::Call, "call", "**`pdeathsig`, call**"),
    (Tie::Watch, "watch", "**`pdeathsig`, `watch`**"),
    (Tie::Descendants, "descendants", "**`pdeathsig`, `descendants`**"),
    (Tie::Poll, "poll", "`getppid` every 100 ms"),
    (Tie::PollSlowly, "poll-slowly", "`getppid` every second"),
    (Tie::PrctlBeforeExec, "prctl-before-exec", "bare `prctl` in `pre_exec`"),
    (Tie::UrSpawn, "ur-spawn", "`ur-taking-me-with-you`, spawn"),
    (Tie::Setpriv, "setpriv", "`setpriv --pdeathsig KILL`"),
    (Tie::Tini, "tini", "`tini -s -p SIGKILL`"),
    (Tie::DumbInit, "dumb-init", "`dumb-init`"),
    (Tie::Bwrap, "bwrap", "`bwrap --unshare-pid --die-with-parent`"),
    (Tie::CommandGroup, "command-group", "`command-group`"),
    (Tie::ProcessWrap, "process-wrap", "`process-wrap`, `ProcessGroup`"),
    (Tie::Processkit, "processkit", "`processkit`"),
    (Tie::ProcesskitArmed, "processkit-armed", "`processkit`, `kill_on_parent_death`"),
    (Tie::Fork, "fork", "`fork`, `ProcessGroupGuard`"),
    (Tie::ProcessGuard, "process-guard", "`process_guard`, process group"),
    (Tie::ProcessGuardArmed, "process-guard-armed", "`process_guard`, `parent_death_signal`"),
    (Tie::DieWithParent, "die-with-parent", "**`pdeathsig`, `Command::die_with_parent`**"),
    (Tie::Tether, "tether", "**`pdeathsig`, `Tether`**"),
    (Tie::Launcher, "launcher", "**`pdeathsig`, `Launcher`**"),
    (Tie::Pdeathsig, "pdeathsig", "**the command `pdeathsig`**"),
];

impl Tie {
    /// All of them, the yardstick first.
    pub fn all() -> impl Iterator<Item = Tie> {
        NAMES.into_iter().map(|(tie, ..)| tie)
    }

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        NAMES.into_iter().find(|(tie, ..)| *tie == self).map(|(_, name, _)| name).unwrap()
    }

    /// The one of that name.
    pub fn named(name: &str) -> Tie {
        Tie::all().find(|tie| tie.name() == name).unwrap_or_else(|| panic!("tied by {name}?"))
    }

    /// Its name in Markdown; ours are bold.
    pub fn title(self) -> &'static str {
        NAMES.into_iter().find(|(tie, ..)| *tie == self).map(|(.., title)| title).unwrap()
    }

    /// How often the child asks whether its parent is there, if it asks.
    pub fn interval(self) -> Option<Duration> {
        match self {
            Tie::Poll => Some(Duration::from_millis(100)),
            Tie::PollSlowly => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// What the parent executes with the child's program as arguments: another program in `PATH`, and its options.
    pub fn wrapper(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            Tie::Setpriv => Some(("setpriv", &["--pdeathsig", "KILL"])),
            Tie::Tini => Some(("tini", &["-s", "-p", "SIGKILL", "--"])),
            Tie::DumbInit => Some(("dumb-init", &["--"])),
            // All files stay as they are.
            Tie::Bwrap => Some(("bwrap", &["--unshare-pid", "--die-with-parent", "--dev-bind", "/", "/", "--"])),
            Tie::Pdeathsig => Some(("pdeathsig", &["--"])),
            _ => None,
        }
    }

    /// Whether its spawns fork, which copies page tables; `processkit`'s do where it makes control groups.
    pub fn forks(self) -> bool {
        let kit = [Tie::Processkit, Tie::ProcesskitArmed];
        kit.contains(&self)
            || [Tie::PrctlBeforeExec, Tie::UrSpawn, Tie::ProcessGuardArmed, Tie::DieWithParent].contains(&self)
    }

    /// The child's part of it, if it has one.
    pub fn arm(self) {
        const KILL: nix::sys::signal::Signal = nix::sys::signal::Signal::SIGKILL;
        match self {
            Tie::Prctl => raw::set_bare(KILL as i32).unwrap(),
            Tie::Nix => nix::sys::prctl::set_pdeathsig(KILL).unwrap(),
            Tie::Rustix => {
                rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
            }
            Tie::Ur => ur_taking_me_with_you::die_with_parent(),
            Tie::Call => pdeathsig::die_with_parent(Signal::KILL).unwrap(),
            Tie::Watch => DieWithParent::new(Signal::KILL).watch().arm().unwrap(),
            Tie::Descendants => DieWithParent::new(Signal::KILL).descendants().arm().unwrap(),
            Tie::Poll | Tie::PollSlowly => poll(self.interval().unwrap()),
            _ => {}
        }
    }
}

/// What programs do that know of nothing better.
fn poll(interval: Duration) {
    let parent = parent_id();
    thread::spawn(move || {
        while parent_id() == parent {
            thread::sleep(interval);
        }
        process::exit(1);
    });
}

const AT_ONCE: ShutdownPolicy = ShutdownPolicy::Kill { force_time: Duration::from_secs(10) };

/// A process group of the crate `fork`, with a helper process that kills it.
pub fn new_guard() -> ProcessGroupGuard {
    let mut guard = ProcessGroupGuard::new().unwrap();
    guard.activate(Duration::from_secs(10)).unwrap();
    guard
}

/// Spawns children that are tied to it.
#[derive(Debug)]
pub struct Spawner {
    tie: Tie,
    tether: Option<Tether>,
    guard: Option<ProcessGroupGuard>,
    runtime: Option<Runtime>,
}

/// A child, in the type that the crate has for it. It may die when this is dropped.
#[derive(Debug)]
pub enum Spawned {
    /// std's.
    Plain(Child),
    /// command-group's.
    Group(GroupChild),
    /// process-wrap's.
    Wrapped(Box<dyn ChildWrapper>),
    /// processkit's.
    Kit(Box<RunningProcess>),
    /// process_guard's.
    Guarded(ProcessGuard),
}

impl Spawner {
    /// Makes what a parent makes once for all its children.
    pub fn new(tie: Tie) -> Spawner {
        let kit = matches!(tie, Tie::Processkit | Tie::ProcesskitArmed);
        Spawner {
            tie,
            tether: (tie == Tie::Tether).then(|| Tether::new(Signal::KILL).unwrap()),
            guard: (tie == Tie::Fork).then(new_guard),
            runtime: kit.then(|| Builder::new_current_thread().enable_all().build().unwrap()),
        }
    }

    /// Spawns a program.
    pub fn spawn(&self, program: &Path, arguments: &[&str]) -> Spawned {
        if let Some((wrapper, options)) = self.tie.wrapper() {
            return Spawned::Plain(Command::new(wrapper).args(options).arg(program).args(arguments).spawn().unwrap());
        }
        let mut command = Command::new(program);
        command.args(arguments);
        Spawned::Plain(match self.tie {
            Tie::PrctlBeforeExec => raw::set_bare_before_exec(&mut command, Signal::KILL.as_raw()).spawn().unwrap(),
            Tie::UrSpawn => ur_taking_me_with_you::spawn_dying_with_parent(command).unwrap(),
            Tie::Launcher => Launcher::new().command(program).unwrap().args(arguments).spawn().unwrap(),
            Tie::Fork => {
                let group = self.guard.as_ref().unwrap().process_group();
                command.process_group(group.get()).spawn().unwrap()
            }
            Tie::ProcessGuard | Tie::ProcessGuardArmed => {
                if self.tie == Tie::ProcessGuardArmed {
                    process_guard::CommandExt::parent_death_signal(&mut command, process_guard::Signal::SIGKILL);
                }
                return Spawned::Guarded(ProcessGuard::spawn_process_group(&mut command, AT_ONCE).unwrap());
            }
            Tie::CommandGroup => return Spawned::Group(command.group_spawn().unwrap()),
            Tie::ProcessWrap => {
                return Spawned::Wrapped(CommandWrap::from(command).wrap(ProcessGroup::leader()).spawn().unwrap());
            }
            Tie::Processkit | Tie::ProcesskitArmed => return self.spawn_by_processkit(program, arguments),
            Tie::DieWithParent => command.die_with_parent(Signal::KILL).spawn().unwrap(),
            Tie::Tether => command.tether(self.tether.as_ref().unwrap()).unwrap().spawn().unwrap(),
            _ => command.spawn().unwrap(),
        })
    }

    fn spawn_by_processkit(&self, program: &Path, arguments: &[&str]) -> Spawned {
        let command = processkit::Command::new(program).args(arguments);
        let mut command = command.stdout(StdioMode::Inherit).stderr(StdioMode::Inherit);
        if self.tie == Tie::ProcesskitArmed {
            command = command.kill_on_parent_death();
        }
        Spawned::Kit(Box::new(self.runtime.as_ref().unwrap().block_on(command.start()).unwrap()))
    }

    /// Waits for a child's end.
    pub fn wait(&self, child: Spawned) {
        match child {
            Spawned::Plain(mut child) => drop(child.wait().unwrap()),
            Spawned::Group(mut child) => drop(child.wait().unwrap()),
            Spawned::Wrapped(mut child) => drop(child.wait().unwrap()),
            Spawned::Guarded(mut guard) => drop(guard.take().unwrap().wait().unwrap()),
            Spawned::Kit(child) => drop(self.runtime.as_ref().unwrap().block_on(child.wait()).unwrap()),
        }
    }
}
