//! A launcher in hostile surroundings: it protects, or is an error that says what is wrong. Never does a program run
//! unprotected.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::{self, c_long};
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{
    children_of, needs_root, refusing, set_uid_programs_work, skipped, state_of, until, Answer, Boundary, ControlGroup,
    Dies, Harness, Launched, Refused, Tracee,
};
use syscalls::Sysno;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_run_launcher");
const ORDINARY: &str = "30000";
fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

/// A shell is the owner. Before that it runs a script.
fn owner(before: &str, options: &[&str], tree: &str) -> Command {
    let mut command = Command::new("unshare");
    let script = format!("{before}\"$@\"; exit $?");
    command.args(["--mount", "sh", "-c", &script, "sh", LAUNCHER]).args(options).args(["sh", "-c", tree]);
    command
}

/// What can die, with the options of the launcher.
const DIES: [(Dies, &[&str]); 5] = [
    (Dies::Owner, &[]),
    (Dies::Owner, &["--signal", "TERM", "--grace", "100"]),
    (Dies::Outer, &[]),
    (Dies::Inner, &[]),
    (Dies::Program, &["--grace", "100"]),
];

fn nothing_is_left_whatever_dies(before: &str) {
    for (dies, options) in DIES {
        println!("{dies:?} {options:?}");
        let harness = harness();
        let tree = "trap '' TERM; setsid sh -c 'echo up; exec sleep 1000' & echo up; sleep 1000";
        let mut launched = Launched::by_host(&harness, &mut owner(before, options, tree), 2);
        launched.kill(dies);
        until("the end of the owner", || launched.owner.try_wait().unwrap());
        harness.killed_orphans();
    }
}

#[test]
fn without_proc_nothing_is_left_whatever_dies() {
    if cfg!(target_env = "musl") {
        skipped("with musl, a program without std's runtime reads its arguments in /proc");
    } else if needs_root() {
        nothing_is_left_whatever_dies("umount -l /proc || exit 1; ");
    }
}

#[test]
fn where_proc_hides_processes_nothing_is_left_whatever_dies() {
    if needs_root() {
        nothing_is_left_whatever_dies("mount -t proc -o hidepid=2 proc /proc || exit 1; ");
        let user = format!("setpriv --reuid {ORDINARY} --regid {ORDINARY} --clear-groups ");
        nothing_is_left_whatever_dies(&format!("mount -t proc -o hidepid=2 proc /proc || exit 1; cd /; {user}"));
    }
}

#[test]
fn descendants_of_other_users_die() {
    if !needs_root() {
        return;
    }
    for dies in [Dies::Owner, Dies::Outer, Dies::Inner] {
        let harness = harness();
        let other = format!("setpriv --reuid {ORDINARY} --regid {ORDINARY} --clear-groups");
        let tree = format!("{other} setsid sh -c 'echo up; exec sleep 1000' & echo up; exec {other} sleep 1000");
        let launched = Launched::by_host(&harness, &mut owner("", &[], &tree), 2);
        launched.kill(dies);
        harness.killed_orphans();
    }
}

/// Starts a launcher as an ordinary user, over a process that a set-uid program has made root's.
fn over_a_process_of_root(harness: &Harness) -> (Launched, Pid) {
    let helper = harness.folder().join("helper");
    let setpriv = harness.run(Command::new("sh").args(["-c", "command -v setpriv"])).stdout;
    fs::copy(String::from_utf8(setpriv).unwrap().trim(), &helper).unwrap();
    fs::set_permissions(&helper, Permissions::from_mode(0o4755)).unwrap();
    // It may not hold the launcher's standard error open.
    let tree = format!(
        "setsid sh -c 'echo up; exec sleep 1000' & {} --reuid 0 sleep 1000 2> /dev/null & echo up; exec sleep 1000",
        helper.display()
    );
    let mut command = Command::new(LAUNCHER);
    command.args(["sh", "-c", &tree]).uid(30_000).gid(30_000).current_dir("/").stderr(Stdio::piped());
    let launched = Launched::by_test(harness, &mut command, 2);
    let is_roots = |pid: &Pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.contains("\nUid:\t0\t0\t0\t0\n") && status.starts_with("Name:\tsleep\n")
    };
    let process = until("a process of root's", || children_of(launched.program).into_iter().find(is_roots));
    (launched, process)
}

/// What the launcher has printed when it exits.
fn message(launched: &mut Launched) -> String {
    let mut printed = String::new();
    launched.owner.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    launched.owner.wait().unwrap();
    printed
}

#[test]
fn what_cannot_be_killed_is_named_after_five_seconds_and_the_launcher_ends() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    for dies in [Dies::Inner, Dies::Program] {
        let harness = harness();
        let (mut launched, roots) = over_a_process_of_root(&harness);
        let killed = Instant::now();
        // What a dead program leaves has one second, then SIGTERM, and a grace. The death of *inner* ends that at once.
        launched.kill(dies);
        if dies != Dies::Inner {
            launched.kill(Dies::Inner);
        }
        let printed = message(&mut launched);
        let took = killed.elapsed();
        assert!((Duration::from_secs(5)..Duration::from_secs(15)).contains(&took), "{took:?}");
        assert_eq!(printed.lines().count(), 1, "{printed}");
        assert!(printed.contains(&format!("cannot kill {roots} (sleep)")), "{printed}");
        // All others are dead.
        kill(roots, Signal::SIGKILL).unwrap();
        harness.killed_orphans();
    }
}

/// As when a container or a machine is paused while its tree ends: here the launcher alone is stopped.
#[test]
fn a_pause_is_no_time_in_which_nothing_died() {
    if !needs_root() || !set_uid_programs_work() {
        return;
    }
    let harness = harness();
    let (mut launched, roots) = over_a_process_of_root(&harness);
    launched.kill(Dies::Inner);
    until("the end of what can be killed", || matches!(state_of(launched.program), None | Some('Z')).then_some(()));
    kill(launched.outer, Signal::SIGSTOP).unwrap();
    // Longer than the time after which it gives up.
    thread::sleep(Duration::from_secs(6));
    kill(launched.outer, Signal::SIGCONT).unwrap();
    let continued = Instant::now();
    let printed = message(&mut launched);
    assert!(printed.contains(&format!("cannot kill {roots} (sleep)")), "{printed}");
    // It is four seconds, less what went by before the pause.
    let took = continued.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(15)).contains(&took), "{took:?}");
    kill(roots, Signal::SIGKILL).unwrap();
    harness.killed_orphans();
}

#[test]
fn a_frozen_descendant_dies_at_once_or_when_it_is_thawed() {
    if !needs_root() {
        return;
    }
    for second in [true, false] {
        for dies in [Dies::Owner, Dies::Outer, Dies::Inner] {
            // It is thawed before the harness waits for what is left.
            let harness = harness();
            let group = if second { ControlGroup::freezer_of_the_second_version() } else { ControlGroup::freezer() };
            let group = match group {
                Ok(group) => group,
                Err(error) => {
                    skipped(&format!("no control group that can be frozen: {error}"));
                    break;
                }
            };
            // It may not hold the launcher's standard error open.
            let tree = "setsid sh -c 'echo up; exec sleep 1000' 2> /dev/null & echo up; exec sleep 1000";
            let mut host = owner("", &[], tree);
            let mut launched = Launched::by_host(&harness, host.stderr(Stdio::piped()), 2);
            let is_asleep =
                |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
            let descendant = until("a descendant", || children_of(launched.program).into_iter().find(is_asleep));
            group.take_process(descendant);
            group.freeze();
            launched.kill(dies);
            if second {
                harness.killed_orphans();
            } else {
                // The launcher gives it up after five seconds, and says so where it has a standard error: *inner* has
                // none.
                let printed = message(&mut launched);
                assert!(
                    dies == Dies::Outer || printed.contains(&format!("cannot kill {descendant} (sleep)")),
                    "{dies:?}: {printed}"
                );
                assert_ne!(state_of(descendant), None);
            }
            group.thaw();
            harness.killed_orphans();
        }
    }
}

/// What a launcher does under a sandbox that refuses a call.
#[derive(Debug)]
enum Outcome {
    /// It could not even be executed, or the C library gave up.
    NeverStarted,
    /// It exited by itself, with this message.
    Refused(Option<i32>, String),
    /// The program ran, and died with the tree.
    Protected,
    /// Something was left.
    Survivors,
}

/// Which process is killed if the program runs.
const VICTIMS: [&str; 3] = ["watched", "outer", "inner"];

fn under_a_refusal(call: Refused, answer: Answer, victim: &str, job: bool) -> Outcome {
    let harness = harness();
    let mut watched = harness.start(Command::new("sleep").arg("1000"));
    let mut command = Command::new(LAUNCHER);
    command.args(["--watch-pid", &watched.id().to_string(), "--signal", "TERM", "--grace", "100"]);
    command.args(["sh", "-c", "setsid sleep 1000 & exec sleep 1000"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    if job {
        command.process_group(0);
    }
    let spawned = refusing(&mut command, call.by(answer)).spawn();
    let mut end_watched = || {
        watched.kill().unwrap();
        watched.wait().unwrap();
    };
    let Ok(mut launcher) = spawned else {
        end_watched();
        return if harness.killed_orphans_within(Duration::ZERO).is_some() {
            Outcome::NeverStarted
        } else {
            Outcome::Survivors
        };
    };
    let outer = Pid::from_raw(launcher.id() as i32);
    let program = || {
        let inner = children_of(outer).into_iter().next()?;
        let is_up = |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
        children_of(inner).into_iter().find(is_up).map(|_| inner)
    };
    let mut ended = None;
    let inner = until("the program, or the launcher's end", || {
        ended = launcher.try_wait().unwrap();
        if ended.is_some() {
            Some(None)
        } else {
            program().map(Some)
        }
    });
    let Some(inner) = inner else {
        end_watched();
        if harness.killed_orphans_within(Duration::from_secs(5)).is_none() {
            return Outcome::Survivors;
        }
        let mut printed = String::new();
        launcher.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        return Outcome::Refused(ended.unwrap().code(), printed);
    };
    match victim {
        "watched" => end_watched(),
        "outer" => kill(outer, Signal::SIGKILL).unwrap(),
        _ => kill(inner, Signal::SIGKILL).unwrap(),
    }
    if victim != "watched" {
        // The watched one would end the tree, too.
        let gone = until_gone_but(&harness, Pid::from_raw(watched.id() as i32));
        watched.kill().unwrap();
        watched.wait().unwrap();
        return if gone { Outcome::Protected } else { Outcome::Survivors };
    }
    if harness.killed_orphans_within(Duration::from_secs(10)).is_some() {
        Outcome::Protected
    } else {
        Outcome::Survivors
    }
}

/// Whether all children of the test end soon but this one.
fn until_gone_but(harness: &Harness, spared: Pid) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let lists = tasks.map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
        let children: Vec<Pid> = lists
            .flat_map(|list| list.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect::<Vec<_>>())
            .collect();
        let others: Vec<&Pid> = children.iter().filter(|pid| **pid != spared).collect();
        if others.is_empty() {
            return true;
        }
        for other in others {
            harness.end_if_ended(*other);
        }
        std::thread::yield_now();
    }
    false
}

/// The calls that a launcher makes, from its own first one on.
// The harness reaps what is left.
#[allow(clippy::zombie_processes)]
fn calls() -> BTreeSet<c_long> {
    let mut calls = BTreeSet::new();
    for held in ["outer", "inner", "program"] {
        let harness = harness();
        let mut watched = harness.start(Command::new("sleep").arg("1000"));
        let mut host = harness.actor();
        let tracee = Tracee::seize(&host);
        let pid = watched.id().to_string();
        let arguments = ["--watch-pid", &pid, "--signal", "TERM", "--grace", "50"].into_iter().chain([
            "sh",
            "-c",
            "trap '' TERM; setsid sleep 1000 & sleep 1000",
        ]);
        host.request_spawn(pdeathsig_tests::Spawning {
            program: Some((LAUNCHER.into(), arguments.map(str::to_owned).collect())),
            ..pdeathsig_tests::Spawning::default()
        });
        let mut tracee = tracee.follow();
        let outer = tracee.pid();
        if held != "outer" {
            tracee = tracee.follow_to_thread();
        }
        if held == "program" {
            tracee = tracee.follow();
        }
        let mut tracee = tracee.alone();
        let mut begun = held != "outer";
        let mut has_forked = held != "outer";
        let mut killed = false;
        while let Some(at) = tracee.step_unless_ended() {
            let Boundary::Entry(number, _) = at else { continue };
            begun |= number == libc::SYS_unshare;
            if begun {
                calls.insert(number);
            }
            if held == "program" && number == libc::SYS_execve {
                break;
            }
            has_forked |= number == libc::SYS_clone;
            // Both wait for the end by this.
            if has_forked && number == libc::SYS_ppoll && !killed {
                killed = true;
                let program = || children_of(children_of(outer).into_iter().next()?).into_iter().next();
                if held == "outer" {
                    until("the program", program);
                }
                watched.kill().unwrap();
                watched.wait().unwrap();
            }
        }
    }
    calls
}

/// The program runs, and the tree dies.
const WORKS: &str = "";

/// What becomes of the calls that matter: the error names the call, or all works. Others, which the C library and the
/// program need, may end in anything but a program without protection.
const EXPECTED: [(&str, &str); 22] = [
    ("chdir", WORKS),
    // A system call on few machines.
    ("clock_gettime", "clock_gettime(2)"),
    ("clone", "clone(2)"),
    ("close_range", WORKS),
    ("exit_group", WORKS),
    ("fcntl", WORKS),
    ("getdents64", WORKS),
    ("getpgid", WORKS),
    ("getpid", "getpid(2)"),
    ("getppid", "getppid(2)"),
    ("getsid", WORKS),
    ("kill", WORKS),
    ("munmap", WORKS),
    ("pidfd_open", "pidfd_open(2)"),
    ("pidfd_send_signal", WORKS),
    ("ppoll", "ppoll(2)"),
    ("prctl", "prctl(PR_SET_CHILD_SUBREAPER)"),
    ("rt_sigaction", "sigaction(2)"),
    ("rt_sigprocmask", "rt_sigprocmask(2)"),
    ("setsid", "setsid(2)"),
    ("signalfd4", "signalfd(2)"),
    ("waitid", "waitid(2)"),
];

/// What is wrong about a refused call, if anything is.
fn refuse(call: Refused, expected: Option<&str>, job: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (answer, victims) in [(Answer::NotPermitted, &VICTIMS[..]), (Answer::NotThere, &VICTIMS[..1])] {
        for victim in victims {
            let outcome = under_a_refusal(call, answer, victim, job);
            println!("{call:?}, {answer:?}, {victim}: {outcome:?}");
            let is_right = match (expected, &outcome) {
                (_, Outcome::Survivors) => false,
                (None, _) => true,
                (Some(WORKS), outcome) => matches!(outcome, Outcome::Protected),
                (Some(name), Outcome::Refused(status, printed)) => {
                    *status == Some(125) && printed.contains(name) && printed.lines().count() == 1
                }
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{call:?} answers {answer:?}, {victim} is killed: {outcome:?}"));
            }
            if !matches!(outcome, Outcome::Protected) {
                break;
            }
        }
    }
    wrong
}

#[test]
fn whatever_call_a_sandbox_refuses_no_program_runs_unprotected() {
    let mut wrong = Vec::new();
    let calls = calls();
    for number in &calls {
        let name = Sysno::new(*number as usize).map_or_else(|| number.to_string(), |call| call.to_string());
        let expected = EXPECTED.iter().find(|(call, _)| *call == name).map(|(_, expected)| *expected);
        println!("{name}:");
        wrong.extend(refuse(Refused::Call(*number), expected, false));
    }
    assert_eq!(wrong, Vec::<String>::new());
    // What is made by a launcher anywhere is among them.
    for needed in [libc::SYS_clone, libc::SYS_ppoll, libc::SYS_waitid, libc::SYS_execve] {
        assert!(calls.contains(&needed), "{needed}");
    }
}

#[test]
fn whatever_option_of_prctl_a_sandbox_refuses_no_program_runs_unprotected() {
    for (option, expected) in [
        (libc::PR_SET_PDEATHSIG, "prctl(PR_SET_PDEATHSIG)"),
        (libc::PR_SET_CHILD_SUBREAPER, "prctl(PR_SET_CHILD_SUBREAPER)"),
        (libc::PR_SET_DUMPABLE, WORKS),
        (libc::PR_SET_NAME, WORKS),
    ] {
        assert_eq!(refuse(Refused::Prctl(option), Some(expected), false), Vec::<String>::new());
    }
}

/// Then it needs a process group in place of a session.
#[test]
fn a_job_of_its_owner_needs_setpgid_and_says_so() {
    assert_eq!(refuse(Refused::ProcessGroup, Some("setpgid(2)"), true), Vec::<String>::new());
    assert_eq!(refuse(Refused::Call(libc::SYS_setsid), Some(WORKS), true), Vec::<String>::new());
}
