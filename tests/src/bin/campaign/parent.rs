//! A parent that spawns from several threads, and dies when its time has come.

use std::hint::black_box;
use std::process::{self, Child, Command};
use std::thread;
use std::time::Duration;
use std::{env, mem};

use nix::sys::resource::{setrlimit, Resource};
use nix::sys::signal::{kill, killpg, raise, SigEvent, SigevNotify, Signal as Number};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::{pause, Pid};
use pdeathsig::{CommandExt, Launcher, Tether};
use pdeathsig_tests::{children_of, count_instead_of_dying, segfault, set_bare_before_exec};

use crate::trial::{Cause, Trial, Way};

/// An end that comes if no other does.
const LIFETIME: Duration = Duration::from_secs(60);

/// `parent SEED WAY…`
pub(crate) fn run(arguments: &[String]) {
    let (seed, ways) = arguments.split_first().unwrap();
    let ways: Vec<Way> = ways.iter().map(|way| Way::named(way).unwrap()).collect();
    let trial = Trial::drawn_from(seed.parse().unwrap(), &ways);
    die_in_time(trial);
    // A fork has it until its exec, and would lose the signal to it.
    count_instead_of_dying(trial.signal.as_raw());
    let garbage = black_box(vec![1_u8; trial.resident_mib << 20]);
    let tether = (trial.way == Way::Tether).then(|| Tether::new(trial.signal).unwrap());
    thread::scope(|scope| {
        for _ in 0..trial.threads {
            scope.spawn(|| {
                (0..trial.children).for_each(|number| spawn_by(trial, tether.as_ref(), number));
                if !trial.way.owner_lives() {
                    pause();
                }
            });
        }
    });
    // The worker sees that all launchers have ended, while their owner lives.
    raise(Number::SIGSTOP).unwrap();
    drop(garbage);
}

fn die_in_time(trial: Trial) {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).unwrap();
    // Whatever the cause, the kernel kills it in the end.
    let (killed, alone) = (matches!(trial.cause, Cause::Killed), trial.way != Way::LauncherGroup);
    let last = if killed && alone && !trial.way.owner_lives() { trial.after } else { LIFETIME };
    let event = SigEvent::new(SigevNotify::SigevSignal { signal: Number::SIGKILL, si_value: 0 });
    let mut end = Timer::new(ClockId::CLOCK_MONOTONIC, event).unwrap();
    end.set(Expiration::OneShot(TimeSpec::from_duration(last)), TimerSetTimeFlags::empty()).unwrap();
    mem::forget(end);
    if trial.way.owner_lives() {
        return;
    }
    let die: fn() -> ! = match trial.cause {
        Cause::Killed if alone => return,
        Cause::Killed => || die_with_group(),
        Cause::Aborted => || process::abort(),
        Cause::Segfault => || segfault(),
        Cause::Exit => || process::exit(3),
    };
    thread::spawn(move || {
        thread::sleep(trial.after);
        die()
    });
}

/// The worker has this process lead one.
fn die_with_group() -> ! {
    killpg(Pid::this(), Number::SIGKILL).unwrap();
    unreachable!("it outlives its group")
}

fn spawn_by(trial: Trial, tether: Option<&Tether>, number: usize) {
    if trial.way.depends_on_no_thread() && number == 0 {
        thread::scope(|scope| drop(scope.spawn(|| spawn(trial, tether))));
    } else {
        spawn(trial, tether);
    }
}

// Reaped by the worker, which they come to.
#[allow(clippy::zombie_processes)]
fn spawn(trial: Trial, tether: Option<&Tether>) {
    let program = env::current_exe().unwrap();
    let mut command = if trial.way.is_launcher() {
        Launcher::new().signal(trial.signal).command(program).unwrap()
    } else {
        Command::new(program)
    };
    command.args(["child", trial.way.name(), &trial.signal.to_string(), &process::id().to_string()]);
    command.arg(trial.grandchildren.to_string());
    match trial.way {
        Way::Command => drop(command.die_with_parent(trial.signal)),
        Way::BareBeforeExec => drop(set_bare_before_exec(&mut command, trial.signal.as_raw())),
        Way::Tether => drop(command.tether(tether.unwrap()).unwrap()),
        _ => {}
    }
    let child = command.spawn().unwrap();
    if trial.way.owner_lives() {
        kill_process_of_launcher(trial, child);
    }
}

/// After some time, and waits for the end of the tree, or of `outer`.
fn kill_process_of_launcher(trial: Trial, mut outer: Child) {
    thread::sleep(trial.after);
    let pid = Pid::from_raw(outer.id() as i32);
    if trial.way == Way::LauncherOuter {
        outer.kill().unwrap();
    } else {
        // It is not reaped before `outer` is, and that is done here.
        let inner = loop {
            match children_of(pid).first() {
                Some(inner) => break *inner,
                None => thread::yield_now(),
            }
        };
        kill(inner, Number::SIGKILL).unwrap();
    }
    outer.wait().unwrap();
}
