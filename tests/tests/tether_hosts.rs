//! `attach` in hosts that give each child a group or a session of its own: by std, process-wrap, command-group,
//! portable-pty or `forkpty`. The host's own `kill` and `wait` work as without a tether.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::mem;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::time::Duration;

use command_group::{CommandGroup, GroupChild};
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;
use pdeathsig::{ChildExt, Tether};
use pdeathsig_tests::{execute_in_new_terminal, leading_a_session, needs_kernel, Actor, Harness};
use portable_pty::{native_pty_system, CommandBuilder, PtySize};
use process_wrap::std::{ChildWrapper, CommandWrap, ProcessGroup, ProcessSession};

const ACTOR: &str = env!("CARGO_BIN_EXE_actor");
/// Tells the host, which is this program too, how to spawn.
const HOST: &str = "PDEATHSIG_TESTS_HOST";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ProcessGroup,
    Setsid,
    WrappedGroup,
    WrappedSession,
    CommandGroup,
    PortablePty,
    Forkpty,
}

const WAYS: [Way; 7] = [
    Way::ProcessGroup,
    Way::Setsid,
    Way::WrappedGroup,
    Way::WrappedSession,
    Way::CommandGroup,
    Way::PortablePty,
    Way::Forkpty,
];

enum Spawned {
    Std(Child),
    Wrapped(Box<dyn ChildWrapper>),
    Group(GroupChild),
    Pty(Box<dyn portable_pty::Child + Send + Sync>),
    Forked(Pid),
}

impl Way {
    fn spawn(self) -> Spawned {
        let mut command = Command::new(ACTOR);
        let wrapped = |command| {
            let mut wrapped = CommandWrap::from(command);
            match self {
                Way::WrappedGroup => wrapped.wrap(ProcessGroup::leader()),
                _ => wrapped.wrap(ProcessSession),
            };
            wrapped
        };
        match self {
            Way::ProcessGroup => Spawned::Std(command.process_group(0).spawn().unwrap()),
            Way::Setsid => Spawned::Std(leading_a_session(&mut command).spawn().unwrap()),
            Way::WrappedGroup | Way::WrappedSession => Spawned::Wrapped(wrapped(command).spawn().unwrap()),
            Way::CommandGroup => Spawned::Group(command.group_spawn().unwrap()),
            Way::PortablePty => {
                let pty = native_pty_system().openpty(PtySize::default()).unwrap();
                let child = pty.slave.spawn_command(CommandBuilder::new(ACTOR)).unwrap();
                // The terminal stays for as long as the host.
                mem::forget(pty);
                Spawned::Pty(child)
            }
            Way::Forkpty => {
                let (child, terminal) = execute_in_new_terminal(ACTOR);
                mem::forget(terminal);
                Spawned::Forked(child)
            }
        }
    }
}

impl Spawned {
    fn id(&self) -> u32 {
        match self {
            Spawned::Std(child) => child.id(),
            Spawned::Wrapped(child) => child.id(),
            Spawned::Group(child) => child.id(),
            Spawned::Pty(child) => child.process_id().unwrap(),
            Spawned::Forked(child) => child.as_raw() as u32,
        }
    }

    /// What the host calls to kill it.
    fn kill(&mut self) {
        match self {
            Spawned::Std(child) => child.kill_process_group().unwrap(),
            Spawned::Wrapped(child) => child.start_kill().unwrap(),
            Spawned::Group(child) => child.kill().unwrap(),
            Spawned::Pty(child) => child.kill().unwrap(),
            Spawned::Forked(child) => kill(Pid::from_raw(-child.as_raw()), Signal::SIGKILL).unwrap(),
        }
    }

    /// The signal that killed it.
    fn wait(&mut self) -> String {
        let number = match self {
            Spawned::Std(child) => child.wait().unwrap().signal(),
            Spawned::Wrapped(child) => child.wait().unwrap().signal(),
            Spawned::Group(child) => child.wait().unwrap().signal(),
            // It tells a text.
            Spawned::Pty(child) => return child.wait().unwrap().signal().unwrap().to_owned(),
            Spawned::Forked(child) => match waitpid(*child, None).unwrap() {
                WaitStatus::Signaled(_, signal, _) => Some(signal as i32),
                other => panic!("{other:?}"),
            },
        };
        Signal::try_from(number.unwrap()).unwrap().to_string()
    }
}

/// Spawns, then does what each line says, and answers with a line on standard error.
#[test]
#[ignore = "the host of the other tests"]
fn host() {
    let Some(way) = WAYS.into_iter().find(|way| env::var(HOST) == Ok(format!("{way:?}"))) else { return };
    let mut tether = Some(Tether::new(pdeathsig::Signal::KILL).unwrap());
    let mut spawned = way.spawn();
    for line in io::stdin().lines() {
        match line.unwrap().as_str() {
            "attach" => {
                let tether = tether.as_ref().unwrap();
                assert!(!tether.contains(spawned.id()));
                tether.attach(spawned.id()).unwrap();
                assert!(tether.contains(spawned.id()));
                eprintln!("attached");
            }
            "drop" => eprintln!("{:?}", tether.take().map(drop)),
            "release" => eprintln!("{:?}", tether.take().unwrap().release()),
            "shut down" => {
                let grace = Duration::from_secs(60);
                eprintln!("{:?}", tether.as_ref().unwrap().shutdown(pdeathsig::Signal::TERM, grace));
            }
            "kill" => eprintln!("{:?}", spawned.kill()),
            "wait" => eprintln!("{}", spawned.wait()),
            other => panic!("{other}?"),
        }
    }
}

struct Host {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStderr>,
}

impl Host {
    #[track_caller]
    fn ask(&mut self, request: &str) -> String {
        writeln!(self.requests, "{request}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// For each way: a host, its child, which is attached, and a child of that.
fn for_each_way(test: impl Fn(Way, &mut Host, [Actor<'_>; 2])) {
    for way in WAYS {
        let harness = Harness::open(ACTOR);
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "host", "--nocapture"]).env(HOST, format!("{way:?}"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = harness.start(&mut command);
        let (requests, answers) = (process.stdin.take().unwrap(), process.stderr.take().unwrap());
        let mut host = Host { process, requests, answers: BufReader::new(answers) };
        let mut child = harness.accept();
        let mut grandchild = child.spawn();
        // What a terminal sends when its other end is closed.
        child.ignore(Signal::SIGHUP);
        grandchild.ignore(Signal::SIGHUP);
        assert_eq!(host.ask("attach"), "attached", "{way:?}");
        test(way, &mut host, [child, grandchild]);
        host.kill();
    }
}

#[test]
fn they_die_when_the_host_is_killed() {
    for_each_way(|_, host, members| {
        host.kill();
        for member in members {
            member.assert_dies_of(Signal::SIGKILL);
        }
    });
}

#[test]
fn they_die_when_the_tether_is_dropped_and_the_host_gets_the_status() {
    for_each_way(|way, host, [_, grandchild]| {
        assert_eq!(host.ask("drop"), "Some(())");
        assert_eq!(host.ask("wait"), status(way, "SIGKILL"));
        grandchild.assert_dies_of(Signal::SIGKILL);
    });
}

#[test]
fn they_are_shut_down_and_the_host_gets_the_status() {
    for_each_way(|way, host, [_, grandchild]| {
        // Before, a group in another session is signalled by the end of the tether alone.
        let in_this_session = matches!(way, Way::ProcessGroup | Way::WrappedGroup | Way::CommandGroup);
        if !in_this_session && !needs_kernel((6, 9)) {
            return;
        }
        assert_eq!(host.ask("shut down"), "Ok(Exited)", "{way:?}");
        assert_eq!(host.ask("wait"), status(way, "SIGTERM"));
        grandchild.assert_dies_of(Signal::SIGTERM);
    });
}

#[test]
fn they_live_when_the_tether_is_released() {
    for_each_way(|_, host, members| {
        assert_eq!(host.ask("release"), "Ok(())");
        host.kill();
        for mut member in members {
            member.assert_lives();
        }
    });
}

/// portable-pty kills its child alone.
#[test]
fn the_hosts_own_kill_works_and_the_tether_reaches_what_it_leaves() {
    for_each_way(|way, host, [child, mut grandchild]| {
        assert_eq!(host.ask("kill"), "()");
        if way == Way::PortablePty {
            child.await_dead();
            grandchild.assert_lives();
        } else {
            grandchild.await_dead();
        }
        assert_eq!(host.ask("wait"), status(way, "SIGKILL"));
        host.kill();
        grandchild.assert_dies_of(Signal::SIGKILL);
    });
}

/// portable-pty tells what the C library calls the signal.
fn status(way: Way, signal: &str) -> String {
    match (way, signal) {
        (Way::PortablePty, "SIGKILL") => "Killed".to_owned(),
        (Way::PortablePty, "SIGTERM") => "Terminated".to_owned(),
        _ => signal.to_owned(),
    }
}
