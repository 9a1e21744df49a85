//! `wrap` runs a command as if it were not there, and nothing is left when one of the two ends.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;
use pdeathsig_tests::{send_number, skipped, until, Key, Shell, Stage, Terminal};

use program::{example, stage};

#[path = "showing/program.rs"]
mod program;

/// `wrap`, with no signal ignored; a test may be run where some are.
fn wrap(arguments: &[&str]) -> Command {
    let mut wrap = Command::new("env");
    wrap.arg("--default-signal").arg(example("wrap")).args(arguments).stdin(Stdio::null());
    wrap
}

/// `wrap`, or what starts it, with a bash that has said that it is ready.
fn ready(stage: &Stage, command: &mut Command) -> (Child, BufReader<ChildStdout>) {
    let mut wrap = stage.start(command.current_dir(stage.folder()).stdout(Stdio::piped()));
    let mut lines = BufReader::new(wrap.stdout.take().unwrap());
    assert_eq!(line(&mut lines), "ready");
    (wrap, lines)
}

fn line(lines: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[test]
fn the_status_is_that_of_the_command() {
    let stage = stage();
    let folder = stage.folder().to_str().unwrap();
    let plain_file = stage.folder().join("plain");
    fs::write(&plain_file, "exit 0").unwrap();
    let cases: [(&[&str], i32); 9] = [
        (&["true"], 0),
        (&["--", "true"], 0),
        (&["--signal", "TERM", "--", "bash", "-c", "exit 3"], 3),
        (&["bash", "-c", "kill -KILL $$"], 128 + 9),
        (&["bash", "-c", "kill -TERM $$"], 128 + 15),
        (&["bash", "-c", "kill -RTMAX $$"], 128 + 64),
        (&["no-such-program"], 127),
        (&[folder], 126),
        (&[plain_file.to_str().unwrap()], 126),
    ];
    for (arguments, status) in cases {
        let output = stage.run(&mut wrap(arguments));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {message}");
        assert_eq!(message.contains(&format!("wrap: {}: ", arguments[0])), matches!(status, 126 | 127), "{message}");
        stage.assert_nobody_is_left();
    }
}

#[test]
fn called_wrongly_it_says_how_it_is_called() {
    let stage = stage();
    let cases: [(&[&str], &str); 5] = [
        (&[], "there is no command"),
        (&["--"], "there is no command"),
        (&["--signal"], "--signal is without a signal"),
        (&["--signal", "SIGTREM", "true"], "--signal SIGTREM: unknown signal name `SIGTREM`"),
        (&["--sginal", "TERM", "true"], "there is no option --sginal"),
    ];
    for (arguments, mistake) in cases {
        let output = stage.run(&mut wrap(arguments));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(message.starts_with(&format!("wrap: {mistake}")) && message.contains("usage: wrap "), "{message}");
    }
}

#[test]
fn input_and_output_are_those_of_the_command() {
    let stage = stage();
    let mut cat = stage.start(wrap(&["cat"]).stdin(Stdio::piped()).stdout(Stdio::piped()));
    cat.stdin.take().unwrap().write_all(b"through\n").unwrap();
    let output = cat.wait_with_output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.status.code()), (b"through\n".as_slice(), Some(0)));
}

#[test]
fn signals_reach_the_command() {
    for signal in ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH"] {
        let stage = stage();
        let script = format!("trap 'echo caught; exit 7' {signal}; sleep 60 & echo ready; wait");
        let (mut wrap, mut lines) = ready(&stage, &mut wrap(&["bash", "-c", &script]));
        send(&wrap, format!("SIG{signal}").parse().unwrap());
        assert_eq!(line(&mut lines), "caught");
        assert_eq!(wrap.wait().unwrap().code(), Some(7));
        // The sleep had no signal but that of the tether. (Those of the keyboard are for all.)
        let killed = stage.killed_orphans();
        assert!(killed == 1 || matches!(signal, "INT" | "QUIT"), "{signal}");
    }
}

/// SIGTSTP and SIGCONT have a test of their own.
#[test]
fn every_signal_that_can_be_caught_reaches_the_command() {
    use nix::libc::*;
    let not_passed_on =
        [SIGKILL, SIGSTOP, SIGCHLD, SIGTTIN, SIGTTOU, SIGTSTP, SIGCONT, SIGILL, SIGFPE, SIGSEGV, 32, 33];
    for signal in (1..=64).filter(|signal| !not_passed_on.contains(signal)) {
        let stage = stage();
        let script = format!("trap 'echo caught; exit 7' {signal}; sleep 60 & echo ready; wait");
        let (mut wrap, mut lines) = ready(&stage, &mut wrap(&["bash", "-c", &script]));
        assert!(send_number(Pid::from_raw(wrap.id() as i32), signal));
        assert_eq!((signal, line(&mut lines).as_str()), (signal, "caught"));
        assert_eq!((signal, wrap.wait().unwrap().code()), (signal, Some(7)));
    }
}

#[test]
fn what_a_terminal_sends_reaches_the_whole_group() {
    let stage = stage();
    let script = "bash -c 'trap \"exit 8\" WINCH; echo ready; sleep 60 & wait' & wait $!";
    let (mut wrap, _lines) = ready(&stage, &mut wrap(&["bash", "-c", script]));
    send(&wrap, Signal::SIGWINCH);
    assert_eq!(wrap.wait().unwrap().code(), Some(8));
}

#[test]
fn stops_and_goes_on_with_the_command() {
    let stage = stage();
    let script = "trap 'exit 7' TERM; echo ready; echo $$; sleep 60 & wait";
    // A group that somebody outside of it can continue is one that can be stopped.
    let (mut wrap, mut lines) = ready(&stage, wrap(&["bash", "-c", script]).process_group(0));
    let command = line(&mut lines);
    let is_stopped = || {
        let stat = fs::read_to_string(format!("/proc/{command}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    };
    send(&wrap, Signal::SIGTSTP);
    let pid = Pid::from_raw(wrap.id() as i32);
    assert_eq!(waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap(), WaitStatus::Stopped(pid, Signal::SIGTTIN));
    until("the command to stop", || is_stopped().then_some(()));
    send(&wrap, Signal::SIGCONT);
    until("the command to go on", || (!is_stopped()).then_some(()));
    send(&wrap, Signal::SIGTERM);
    assert_eq!(wrap.wait().unwrap().code(), Some(7));
}

#[test]
fn what_it_was_to_ignore_the_command_ignores() {
    let stage = stage();
    let mut command = Command::new("env");
    command.args(["--default-signal", "--ignore-signal=HUP"]).arg(example("wrap"));
    let status = stage.run(command.args(["grep", "SigIgn", "/proc/self/status"]));
    let ignored = String::from_utf8(status.stdout).unwrap();
    let ignored = u64::from_str_radix(ignored.split_whitespace().nth(1).unwrap(), 16).unwrap();
    // Real-time signals are not reset by `env`.
    assert_eq!(ignored & 0x7fff_ffff, 1);
}

const FAMILY: &str = "sleep 60 & sleep 60 & echo ready; wait";

#[test]
fn what_the_command_leaves_behind_ends() {
    let stage = stage();
    let output = stage.run(&mut wrap(&["bash", "-c", "sleep 60 & sleep 60 & exit 3"]));
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stage.killed_orphans(), 2);
}

#[test]
fn killed_it_takes_the_command_with_it_and_all_that_it_has_started() {
    let stage = stage();
    let (mut wrap, _lines) = ready(&stage, &mut wrap(&["bash", "-c", FAMILY]));
    wrap.kill().unwrap();
    wrap.wait().unwrap();
    // The bash may have reaped the others.
    assert!(stage.killed_orphans() >= 1);
}

#[test]
fn it_dies_with_its_parent_and_so_does_the_command() {
    let stage = stage();
    let mut parent = Command::new("bash");
    // Two commands, so that bash stays.
    parent.args(["-c", r#""$@"; exit"#, "bash"]).arg(example("wrap")).args(["bash", "-c", FAMILY]);
    let (mut parent, _lines) = ready(&stage, &mut parent);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(stage.killed_orphans() >= 2);
}

#[test]
fn the_command_gets_the_signal_that_was_asked_for() {
    let stage = stage();
    let script = "trap 'echo caught > caught; exit' TERM; sleep 60 & echo ready; wait";
    let (mut wrap, _lines) = ready(&stage, &mut wrap(&["--signal", "TERM", "--", "bash", "-c", script]));
    wrap.kill().unwrap();
    wrap.wait().unwrap();
    assert_eq!(stage.killed_orphans(), 0);
    assert_eq!(fs::read_to_string(stage.folder().join("caught")).unwrap(), "caught\n");
}

/// `wrap` as the first process of a pid namespace, if one may be made.
fn in_container(stage: &Stage, test: &str, script: &str) -> Option<(Child, BufReader<ChildStdout>)> {
    if !stage.run(Command::new("unshare").args(["--pid", "--fork", "true"])).status.success() {
        skipped(test, "needs the privilege to make a pid namespace");
        return None;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork"]).arg(example("wrap")).args(["bash", "-c", script]);
    Some(ready(stage, &mut unshare))
}

#[test]
fn as_the_first_process_of_a_container_it_reaps_and_passes_the_status_through() {
    let stage = stage();
    let test = "as_the_first_process_of_a_container_it_reaps_and_passes_the_status_through";
    // The orphan is gone when it has no number any more.
    let script =
        "echo ready; orphan=$(true & echo $!); for i in {1..6000}; do kill -0 $orphan || exit 3; sleep 0.01; done";
    let Some((mut container, _lines)) = in_container(&stage, test, script) else { return };
    assert_eq!(container.wait().unwrap().code(), Some(3));
}

#[test]
fn as_the_first_process_of_a_container_it_dies_with_its_parent() {
    let stage = stage();
    let test = "as_the_first_process_of_a_container_it_dies_with_its_parent";
    let Some((mut container, _lines)) = in_container(&stage, test, FAMILY) else { return };
    container.kill().unwrap();
    container.wait().unwrap();
    // The kernel has ended and reaped all that were in the namespace.
    assert_eq!(stage.killed_orphans(), 1);
}

/// An interactive bash that knows `wrap` as $WRAP.
fn terminal(stage: &Stage) -> Terminal<'_> {
    let wrap = example("wrap");
    Terminal::open_with(stage, Shell::BASH, |bash| bash.env("WRAP", wrap))
}

#[test]
fn the_command_has_the_terminal_and_gives_it_back_when_it_stops_and_when_it_ends() {
    let stage = stage();
    let mut terminal = terminal(&stage);
    terminal.type_line("$WRAP bash -c 'echo rea''dy; read line; echo got $line; read line; echo got $line; exit 5'");
    terminal.expect("ready");
    terminal.type_line("one");
    terminal.expect("got one");
    terminal.press(Key::CtrlZ);
    terminal.expect("Stopped");
    assert_ne!(terminal.prompt(), 0);
    assert_eq!(terminal.run("echo sh''ell").said, "shell\n");
    terminal.type_line("fg");
    terminal.type_line("two");
    terminal.expect("got two");
    assert_eq!(terminal.prompt(), 5);
    terminal.exit(0);
    stage.assert_nobody_is_left();
}

#[test]
fn ctrl_c_ends_the_command() {
    let stage = stage();
    let mut terminal = terminal(&stage);
    for command in ["bash -c 'echo rea''dy; exec cat'", "bash -c 'echo rea''dy; exec sleep 60' < /dev/null"] {
        terminal.type_line(&format!("$WRAP {command}"));
        terminal.expect("ready");
        terminal.press(Key::CtrlC);
        assert_eq!(terminal.prompt(), 130);
    }
}

#[test]
fn in_a_pipeline_the_command_gets_the_terminal_when_it_asks_for_it() {
    let stage = stage();
    let mut terminal = terminal(&stage);
    terminal.type_line("echo pi''ped | $WRAP bash -c 'cat; read line < /dev/tty; echo got $line' | cat");
    terminal.expect("piped");
    terminal.type_line("typed");
    terminal.expect("got typed");
    terminal.prompt();
    assert_eq!(terminal.run("$WRAP yes | head -n 1").status, 0);
}

#[test]
fn in_the_background_it_stops_when_the_command_asks_for_the_terminal() {
    let stage = stage();
    let mut terminal = terminal(&stage);
    terminal.type_line("$WRAP bash -c 'read line; echo got $line' & wait %1; jobs");
    terminal.expect("Stopped");
    terminal.prompt();
    terminal.type_line("fg");
    terminal.type_line("typed");
    terminal.expect("got typed");
    terminal.prompt();
}
