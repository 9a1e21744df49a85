//! What the suites of others promise of their programs, asked of a launcher: tini, dumb-init, bubblewrap's
//! `--die-with-parent` and Bun's `--no-orphans`. Each test is named for the behaviour. What they have and a launcher
//! has not (exit statuses mapped to others, signals rewritten) is not asked for.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{
    children_of, is_installed, needs_root, only_child, state_of, until, Dies, Harness, Key, Launched, Shell, Terminal,
};

use crate::{await_state, harness, without_signals_of_glibc};

const LAUNCHER: &str = env!("CARGO_BIN_EXE_run_launcher");
const SIGNAL_PRINTER: &str = env!("CARGO_BIN_EXE_signal_printer");

fn launcher(arguments: &[&str]) -> Command {
    let mut command = Command::new(LAUNCHER);
    command.args(arguments).stdin(Stdio::null()).process_group(0);
    command
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

/// A shell that spawns a launcher, and waits; it is the owner.
fn shell_with_launcher(options: &str, program: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{LAUNCHER} {options} sh -c \"$0\"; exit $?"), program]);
    shell
}

#[test]
fn as_tini_zombies_are_reaped_while_the_program_runs() {
    let harness = harness();
    // Of each, its parent dies first; then they die.
    let script = "for i in 1 2 3 4 5 6 7 8; do (sh -c 'sleep 0.1; exit 4' &); done; echo up; read line";
    let mut launched = Launched::by_test(&harness, Command::new(LAUNCHER).args(["sh", "-c", script]), 1);
    until("the program alone", || (children_of(launched.inner) == [launched.program]).then_some(()));
    launched.close_input();
    assert_eq!(launched.owner.wait().unwrap().code(), Some(1));
    harness.assert_no_process_is_left();
}

#[test]
fn as_tini_the_signal_that_ends_the_program_ends_the_launcher() {
    let harness = harness();
    for signal in [Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGINT] {
        let mut child = harness
            .start(launcher(&["perl", "-e", "print qq(up\\n); close STDOUT; sleep 1000"]).stdout(Stdio::piped()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        kill(pid_of(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(signal as i32));
    }
    harness.assert_no_process_is_left();
}

#[test]
fn as_tini_a_signal_reaches_the_grandchild_of_a_program_that_ignores_it() {
    let harness = harness();
    let script = "trap '' TERM; perl -e '$SIG{TERM} = sub { print qq(heard\\n); exit }; $| = 1; print qq(up\\n); sleep 1000'; exit 6";
    let mut launched = Launched::by_test(&harness, &mut launcher(&["sh", "-c", script]), 1);
    kill(launched.outer, Signal::SIGTERM).unwrap();
    assert_eq!(launched.line(), "heard\n");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(6));
    harness.assert_no_process_is_left();
}

/// Ignored and blocked signals are as without a launcher.
#[test]
fn as_tini_the_program_has_the_signals_that_the_launcher_inherited() {
    let harness = harness();
    let before = "use POSIX; $SIG{$_} = 'IGNORE' for qw(TTOU SEGV INT PIPE CHLD);
        sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTTIN, SIGILL, SIGTERM, SIGCHLD)); exec @ARGV";
    let show = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"];
    let plain = harness.run(Command::new("perl").args(["-e", before]).args(show));
    let launched = harness.run(Command::new("perl").args(["-e", before, LAUNCHER]).args(show));
    let plain = without_signals_of_glibc(&plain.stdout);
    assert_eq!(plain.lines().count(), 3, "{plain}");
    assert_eq!(without_signals_of_glibc(&launched.stdout), plain);
    harness.assert_no_process_is_left();
}

#[test]
fn as_tini_the_program_gets_the_chosen_signal_when_the_parent_dies() {
    let harness = harness();
    let file = harness.folder().join("printed");
    let program = format!(
        "trap 'echo ok > {0}.new; mv {0}.new {0}; exit' USR1; echo up; while :; do sleep 0.05; done",
        file.display()
    );
    let launched = Launched::by_host(&harness, &mut shell_with_launcher("--signal USR1", &program), 1);
    launched.kill(Dies::Owner);
    assert_eq!(until("what it wrote", || fs::read_to_string(&file).ok()), "ok\n");
    harness.killed_orphans();
}

#[test]
fn as_tini_a_program_that_is_missing_or_no_program_is_127_or_126() {
    let harness = harness();
    for (program, status) in [("zzzz", 127), ("/etc/passwd", 126)] {
        assert_eq!(harness.run(&mut launcher(&[program])).status.code(), Some(status));
    }
}

#[test]
fn as_dumb_init_every_process_of_a_pipeline_dies_by_sigterm() {
    let harness = harness();
    let script = "yes up | tail > /dev/null & yes error | tail > /dev/null & echo up; wait";
    let mut launched = Launched::by_test(&harness, &mut launcher(&["sh", "-c", script]), 1);
    until("a pipeline", || (children_of(launched.program).len() == 4).then_some(()));
    kill(launched.outer, Signal::SIGTERM).unwrap();
    assert_eq!(launched.owner.wait().unwrap().signal(), Some(libc::SIGTERM));
    // None of it outlives the launcher.
    harness.assert_no_process_is_left();
}

#[test]
fn as_dumb_init_what_the_program_leaves_gets_sigterm() {
    let harness = harness();
    let mut child = harness.start(
        launcher(&["--grace", "200", "sh", "-c", &format!("setsid {SIGNAL_PRINTER} & read line; exit 0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped()),
    );
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(line(), "up\n");
    drop(child.stdin.take());
    assert_eq!(line(), "15 process\n");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    harness.assert_no_process_is_left();
}

/// The shell's `kill -TSTP`, `fg` and `bg` act on a job with a launcher as on one without.
#[test]
fn as_dumb_init_both_suspend_and_both_go_on() {
    let harness = harness();
    let mut shell = shell_with_launcher("", "echo up; exec sleep 1000");
    // As a job has it. In a group whose parents are all in other sessions the kernel ignores stop signals.
    let mut launched = Launched::by_host(&harness, shell.process_group(0), 1);
    for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGSTOP] {
        // SIGSTOP cannot be passed on.
        let target = if signal == Signal::SIGSTOP { launched.program } else { launched.outer };
        kill(target, signal).unwrap();
        await_state(launched.program, true);
        await_state(launched.outer, true);
        kill(launched.outer, Signal::SIGCONT).unwrap();
        await_state(launched.program, false);
        await_state(launched.outer, false);
    }
    kill(launched.outer, Signal::SIGTERM).unwrap();
    assert_eq!(launched.owner.wait().unwrap().code(), Some(143));
    harness.assert_no_process_is_left();
}

#[test]
fn as_dumb_init_the_working_directory_is_left_and_the_program_keeps_it() {
    let harness = harness();
    let mut command = launcher(&["sh", "-c", "echo up; pwd; read line"]);
    let mut launched = Launched::by_test(&harness, command.current_dir(harness.folder()), 1);
    assert_eq!(launched.line().trim_end(), harness.folder().to_str().unwrap());
    for process in [launched.outer, launched.inner] {
        until("the root", || {
            fs::read_link(format!("/proc/{process}/cwd")).ok().filter(|folder| folder.to_str() == Some("/"))
        });
    }
    launched.close_input();
    assert_eq!(launched.owner.wait().unwrap().code(), Some(1));
}

#[test]
fn as_dumb_init_a_program_reads_and_writes_its_terminal_and_a_shell_has_job_control() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::BASH);
    terminal.type_line(&format!("{LAUNCHER} tac"));
    until("tac in the foreground", || (terminal.foreground() != terminal.shell()).then_some(()));
    terminal.type_line("1");
    terminal.type_line("2");
    terminal.press(Key::CtrlD);
    terminal.expect("2\n1\n");
    assert_eq!(terminal.prompt(), 0);
    let ran = terminal.run(&format!("{LAUNCHER} bash -c 'set -m; sleep 0 & wait; echo \"flags [$-]\"'"));
    let flags = ran.printed.rsplit_once("flags [").unwrap().1.split(']').next().unwrap().to_owned();
    assert!(flags.contains('m'), "{}", ran.printed);
}

#[test]
fn as_dumb_init_the_tree_ends_when_its_terminal_is_closed() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::BASH);
    terminal.type_line(&format!("{LAUNCHER} sh -c 'setsid sleep 1000 & echo u''p; sleep 1000'"));
    terminal.expect("up");
    terminal.hang_up();
    terminal.end_of_shell();
    harness.killed_orphans();
}

/// The lock is held by the program, and by a process that it starts in another session.
#[test]
fn as_bubblewrap_a_lock_of_the_tree_is_free_after_the_death_of_the_parent() {
    let harness = harness();
    if !is_installed("flock") {
        return;
    }
    let lock = harness.folder().join("lock");
    // A shell that starts it again and again.
    let script = format!("while :; do {LAUNCHER} setsid -w flock {} sleep 1000; done", lock.display());
    let mut shell = harness.start(Command::new("sh").args(["-c", &script]));
    let flock = |how: &[&str]| harness.run(Command::new("flock").args(how).arg(&lock).arg("true")).status.success();
    until("the lock", || (!flock(&["--nonblock"])).then_some(()));
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert!(flock(&["--timeout", "10"]));
    harness.killed_orphans();
}

#[test]
fn as_bubblewrap_a_signal_is_forwarded_to_the_program() {
    let harness = harness();
    let script = "trap 'echo USR1; exit' USR1; echo up; while :; do sleep 0.05; done";
    let mut launched = Launched::by_test(&harness, &mut launcher(&["sh", "-c", script]), 1);
    kill(launched.outer, Signal::SIGUSR1).unwrap();
    assert_eq!(launched.line(), "USR1\n");
    assert_eq!(launched.owner.wait().unwrap().code(), Some(0));
}

#[test]
fn as_bun_without_it_the_program_is_left_when_the_parent_is_killed() {
    let harness = harness();
    let mut shell = harness.start(Command::new("sh").args(["-c", "sleep 1000 & echo up; wait"]).stdout(Stdio::piped()));
    let mut line = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert_eq!(harness.killed_orphans_within(Duration::from_millis(500)), None);
}

#[test]
fn as_bun_child_and_grandchild_die_with_a_killed_parent_and_not_before() {
    let harness = harness();
    let launched = Launched::by_host(
        &harness,
        &mut shell_with_launcher("", "sh -c 'echo up; while :; do sleep 1; done' & wait"),
        1,
    );
    let grandchild = only_child(launched.program);
    std::thread::sleep(Duration::from_millis(500));
    for process in [launched.outer, launched.inner, launched.program, grandchild] {
        assert!(matches!(state_of(process), Some('S' | 'R')), "{process}");
    }
    launched.kill(Dies::Owner);
    harness.killed_orphans();
}

#[test]
fn as_bun_a_grandchild_of_another_user_dies() {
    if !needs_root() {
        return;
    }
    let harness = harness();
    let program =
        "setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'echo up; while :; do sleep 1; done' & wait";
    let launched = Launched::by_host(&harness, &mut shell_with_launcher("", program), 1);
    launched.kill(Dies::Owner);
    harness.killed_orphans();
}

/// Also if those between it and the program exit at once.
#[test]
fn as_bun_a_daemon_in_a_session_of_its_own_dies_when_the_program_exits() {
    let harness = harness();
    for program_waits in [true, false] {
        let file = harness.folder().join(format!("pid-{program_waits}"));
        let wait = if program_waits { "select undef, undef, undef, 0.01 until -s $f;" } else { "" };
        let daemon = format!(
            "use POSIX; $f = '{}'; if (fork) {{ {wait} exit 5 }} setsid; exit if fork; open F, '>', $f; print F $$; close F; sleep 1 while 1",
            file.display()
        );
        let status = harness.start(&mut launcher(&["--grace", "200", "perl", "-e", &daemon])).wait().unwrap();
        assert_eq!(status.code(), Some(5));
        assert!(!program_waits || !fs::read_to_string(&file).unwrap().is_empty());
        harness.assert_no_process_is_left();
    }
}

#[test]
fn as_bun_ctrl_z_stops_the_job_for_the_shell_and_fg_resumes_the_program() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::BASH);
    terminal.type_line(&format!("{LAUNCHER} perl -e '$| = 1; $SIG{{CONT}} = sub {{ print \"RESU\", \"MED\\n\" }}; print \"REA\", \"DY\\n\"; sleep 1 while 1'"));
    terminal.expect("READY");
    for _ in 0..2 {
        terminal.press(Key::CtrlZ);
        // 128 + SIGSTOP; without a launcher it is SIGTSTP.
        assert!([147, 148].contains(&terminal.prompt()));
        terminal.type_line("fg");
        terminal.expect("RESUMED");
    }
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.prompt(), 130);
}

#[test]
fn as_bun_in_the_background_it_does_not_take_the_terminal() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::BASH);
    let ready = harness.folder().join("ready");
    terminal.run(&format!("{LAUNCHER} sh -c 'touch {}; exec sleep 1000' &", ready.display()));
    until("the program", || ready.exists().then_some(()));
    assert_eq!(terminal.foreground(), terminal.shell());
    terminal.run("kill -KILL %1; wait");
    assert_nothing_but(&harness, terminal.shell());
}

fn assert_nothing_but(harness: &Harness, shell: Pid) {
    until("the end of the tree", || {
        let children = children_of(Pid::this());
        for child in children.iter().filter(|child| **child != shell) {
            harness.end_if_ended(*child);
        }
        (children_of(shell).is_empty() && children.iter().all(|child| *child == shell)).then_some(())
    });
}

/// A host writes to its program, as a language server's does.
#[test]
fn as_bun_what_is_written_to_a_program_reaches_it_unchanged() {
    let harness = harness();
    let mut child = harness.start(launcher(&["cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()));
    let mut input = child.stdin.take().unwrap();
    let text: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
    let written = text.clone();
    let writer = std::thread::spawn(move || input.write_all(&written).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.stdout == text);
    harness.assert_no_process_is_left();
}
