//! In a terminal, a program under a launcher behaves as without it: keys, job control, pipelines, programs that draw on
//! the screen, and the end of the terminal. In bash, dash, zsh and fish.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{
    is_installed, only_child, pdeathsig, state_of, until, Boundary, Harness, Key, Modes, Shell, Terminal, Tracee,
};

/// A terminal that knows `pdeathsig` as $P, and is in the harness's folder.
fn open(harness: &Harness, shell: Shell) -> Terminal<'_> {
    let program = pdeathsig();
    Terminal::open_with(harness, shell, |command| command.env("P", program).current_dir(harness.folder()))
}

/// Does the same in each shell. Afterwards the terminal is as it was, and nothing is left.
fn in_each_shell(use_it: impl Fn(&mut Terminal<'_>)) {
    for shell in Shell::ALL {
        if !shell.is_installed() {
            continue;
        }
        eprintln!("in {}", shell.name());
        let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
        let mut terminal = open(&harness, shell);
        let before = terminal.modes();
        use_it(&mut terminal);
        is_as_before(&mut terminal, &before);
        terminal.exit(0);
        harness.assert_no_process_is_left();
    }
}

#[track_caller]
fn is_as_before(terminal: &mut Terminal<'_>, before: &Modes) {
    assert_eq!(terminal.modes(), *before);
}

/// What a shell tells of a job that `fg` has continued: fish does not tell.
fn prompt_status(terminal: &Terminal<'_>, status: i32) -> i32 {
    if terminal.kind() == Shell::FISH {
        0
    } else {
        status
    }
}

/// Stops the job in the foreground.
#[track_caller]
fn press_ctrl_z(terminal: &mut Terminal<'_>) {
    terminal.press(Key::CtrlZ);
    let status = terminal.prompt();
    // The launcher is stopped by SIGSTOP, the program by SIGTSTP.
    let expected = [libc::SIGSTOP, libc::SIGTSTP].map(|signal| prompt_status(terminal, 128 + signal));
    assert!(expected.contains(&status), "{status}");
    assert_eq!(terminal.foreground(), terminal.shell());
}

/// Continues it in the foreground. A shell gives it the terminal first, and a key that comes before SIGCONT is lost.
#[track_caller]
fn type_fg(terminal: &mut Terminal<'_>, job: Pid) {
    terminal.type_line("fg");
    until("the job to have the terminal", || (terminal.foreground() == job).then_some(()));
    until("the job to run", || members(job).iter().all(|(state, _)| state != "T").then_some(()));
}

/// The state and the program of each process in a group, zombies apart, as `ps` prints them.
fn members(group: Pid) -> Vec<(String, String)> {
    let output = Command::new("ps").args(["-A", "-o", "pgid=,state=,comm="]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let words = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let of_group = words.filter(|words| words[0] == group.to_string() && words[1] != "Z");
    of_group.map(|words| (words[1].to_owned(), words[2].to_owned())).collect()
}

/// Whether the shell says so of its job.
fn is_stopped(terminal: &mut Terminal<'_>) -> bool {
    let printed = terminal.run("jobs").printed.to_lowercase();
    printed.contains("stopped") || printed.contains("suspended")
}

const SCRIPT: &str = "sh -c 'echo rea''dy; read line; echo got $line; exit 4'";

#[test]
fn a_program_reads_what_is_typed() {
    in_each_shell(|terminal| {
        terminal.type_line(&format!("$P {SCRIPT}"));
        terminal.expect("ready");
        terminal.type_line("a line");
        terminal.expect("got a line");
        assert_eq!(terminal.prompt(), 4);
        terminal.type_line("$P cat");
        terminal.job();
        terminal.type_line("one");
        terminal.expect("one\none\n");
        terminal.press(Key::CtrlD);
        assert_eq!(terminal.prompt(), 0);
    });
}

/// The lines of the file that a script has written.
fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("heard")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn ctrl_c_and_ctrl_backslash_reach_the_program_once_and_it_cleans_up() {
    for (key, name) in [(Key::CtrlC, "INT"), (Key::CtrlBackslash, "QUIT")] {
        in_each_shell(|terminal| {
            // Time for a second signal, if one came.
            let script = format!(
                "trap 'echo {name} >> heard' {name}; echo ready; while [ ! -e heard ]; do sleep 0.05; done; sleep 0.2; echo end >> heard; exit 5"
            );
            fs::write(terminal.harness().folder().join("script"), script).unwrap();
            terminal.type_line("$P sh script");
            terminal.expect("ready");
            terminal.press(key);
            assert_eq!(terminal.prompt(), 5);
            assert_eq!(lines(terminal.harness().folder()), [name, "end"]);
        });
    }
}

#[test]
fn ctrl_c_and_ctrl_backslash_end_a_program_that_does_nothing_about_them() {
    in_each_shell(|terminal| {
        for (key, signal) in [(Key::CtrlC, libc::SIGINT), (Key::CtrlBackslash, libc::SIGQUIT)] {
            terminal.type_line("$P sh -c 'ulimit -c 0; echo rea''dy; exec sleep 60'");
            terminal.expect("ready");
            terminal.press(key);
            assert_eq!(terminal.prompt(), 128 + signal);
        }
    });
}

#[test]
fn a_job_is_stopped_continued_and_in_the_background() {
    in_each_shell(|terminal| {
        terminal.type_line(&format!("$P {SCRIPT}"));
        terminal.expect("ready");
        let job = terminal.job();
        for _ in 0..3 {
            press_ctrl_z(terminal);
            assert!(is_stopped(terminal));
            type_fg(terminal, job);
        }
        // Stopped, then continued in the background, where it stops again because it reads.
        press_ctrl_z(terminal);
        terminal.run("bg");
        until("the job to stop", || is_stopped(terminal).then_some(()));
        type_fg(terminal, job);
        terminal.type_line("a line");
        terminal.expect("got a line");
        assert_eq!(terminal.prompt(), prompt_status(terminal, 4));
    });
}

#[test]
fn a_job_that_is_started_in_the_background_runs_and_is_brought_to_the_foreground() {
    in_each_shell(|terminal| {
        terminal.run("$P sh -c 'echo > up; exec sleep 60' &");
        let up = terminal.harness().folder().join("up");
        until("the program to run", || up.exists().then_some(()));
        terminal.type_line("fg");
        until("the job to have the terminal", || (terminal.foreground() != terminal.shell()).then_some(()));
        terminal.press(Key::CtrlC);
        let status = terminal.prompt();
        assert!(status == 128 + libc::SIGINT || status == prompt_status(terminal, status), "{status}");
    });
}

#[test]
fn in_a_pipeline() {
    in_each_shell(|terminal| {
        let ran = terminal.run("printf 'a\\nb\\n' | $P sed s/a/x/ | $P cat -n");
        assert!(ran.printed.contains("1\tx\n") && ran.printed.contains("2\tb\n"), "{ran:?}");
        assert_eq!(ran.status, 0);
        assert_eq!(terminal.run("$P yes | head -n 1").status, 0);
        // All of it stops, is continued, and ends together. (A shell that is starting a program by vfork just then
        // cannot stop.)
        terminal.type_line("sleep 60 | $P sh -c 'echo rea''dy >&2; exec cat' | cat");
        terminal.expect("ready");
        let job = terminal.job();
        // A shell's fork loses a key that comes before its exec.
        let shell = terminal.kind().name();
        until("the shell's forks to exec", || members(job).iter().all(|(_, program)| program != shell).then_some(()));
        press_ctrl_z(terminal);
        type_fg(terminal, job);
        terminal.press(Key::CtrlC);
        terminal.prompt();
        // The command reads from the terminal although its input is a pipe.
        terminal.type_line("echo piped | $P sh -c 'cat; read line < /dev/tty; echo got $line' | cat");
        terminal.expect("\npiped");
        terminal.type_line("typed");
        terminal.expect("got typed");
        assert_eq!(terminal.prompt(), 0);
    });
}

#[test]
fn a_program_gets_one_sigwinch_for_a_new_size() {
    in_each_shell(|terminal| {
        let script =
            "trap 'stty size >> heard' WINCH; echo ready; while [ ! -e heard ]; do sleep 0.05; done; sleep 0.2";
        fs::write(terminal.harness().folder().join("script"), script).unwrap();
        terminal.type_line("$P sh script");
        terminal.expect("ready");
        terminal.resize(30, 100);
        assert_eq!(terminal.prompt(), 0);
        assert_eq!(lines(terminal.harness().folder()), ["30 100"]);
        terminal.resize(40, 120);
    });
}

#[test]
fn a_pager_an_editor_and_top() {
    in_each_shell(|terminal| {
        fs::write(terminal.harness().folder().join("text"), "first\nsecond\n").unwrap();
        if is_installed("less") {
            terminal.type_line("$P less text");
            terminal.expect_on_screen("second\n");
            terminal.type_text("q");
            assert_eq!(terminal.prompt(), 0);
        }
        if is_installed("vim") {
            terminal.type_line("$P vim -u NONE -i NONE -n text");
            terminal.expect_on_screen("second\n");
            terminal.type_text("ichanged ");
            terminal.press(Key::Escape);
            terminal.expect_on_screen("changed first");
            // The editor stops itself.
            let job = terminal.job();
            press_ctrl_z(terminal);
            type_fg(terminal, job);
            terminal.expect_on_screen("changed first");
            terminal.type_text(":wq\r");
            assert_eq!(terminal.prompt(), prompt_status(terminal, 0));
            let text = fs::read_to_string(terminal.harness().folder().join("text")).unwrap();
            assert_eq!(text, "changed first\nsecond\n");
        }
        if is_installed("top") {
            terminal.type_line("$P top");
            terminal.expect_on_screen("load average");
            terminal.type_text("q");
            assert_eq!(terminal.prompt(), 0);
        }
    });
}

#[test]
fn a_password_prompt() {
    in_each_shell(|terminal| {
        let script = "stty -echo < /dev/tty; printf 'Password: ' > /dev/tty; read line < /dev/tty; stty echo < /dev/tty; echo; echo got $line";
        fs::write(terminal.harness().folder().join("script"), script).unwrap();
        terminal.type_line("$P sh script");
        terminal.expect("Password: ");
        terminal.type_line("secret");
        let between = terminal.expect("got secret");
        assert!(!between.contains("secret"), "{between}");
        assert_eq!(terminal.prompt(), 0);
    });
}

#[test]
fn an_interactive_shell_inside_has_jobs_of_its_own() {
    in_each_shell(|terminal| {
        terminal.type_line("PS1='inn''er> ' $P bash --norc --noprofile -i");
        terminal.expect("inner> ");
        terminal.type_line("sleep 60");
        let inner = until("the inner job", || {
            let group = terminal.foreground();
            let name = fs::read_to_string(format!("/proc/{group}/comm")).unwrap_or_default();
            (name == "sleep\n").then_some(group)
        });
        terminal.press(Key::CtrlZ);
        terminal.expect("inner> ");
        assert_ne!(terminal.foreground(), inner);
        terminal.type_line("jobs");
        terminal.expect("Stopped");
        terminal.expect("inner> ");
        terminal.type_line("fg");
        until("the inner job", || (terminal.foreground() == inner).then_some(()));
        terminal.press(Key::CtrlC);
        terminal.expect("inner> ");
        // A job that is still there when the shell exits dies after a second.
        terminal.type_line("sleep 60 &");
        terminal.expect("inner> ");
        terminal.type_line("exit 7");
        assert_eq!(terminal.prompt(), 7);
    });
}

#[test]
fn when_the_terminal_is_closed_nothing_is_left() {
    for shell in Shell::ALL {
        if !shell.is_installed() {
            continue;
        }
        let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
        let mut terminal = open(&harness, shell);
        terminal.type_line("$P sh -c 'setsid sh -c \"trap : HUP; echo rea\"\"dy; sleep 60; sleep 60\" & wait'");
        terminal.expect("ready");
        terminal.hang_up();
        terminal.end_of_shell();
        // It panics if one lives.
        harness.killed_orphans();
    }
}

#[test]
fn when_the_shell_is_killed_nothing_is_left() {
    for shell in Shell::ALL {
        if !shell.is_installed() {
            continue;
        }
        let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
        let mut terminal = open(&harness, shell);
        terminal.run("$P sh -c 'setsid sleep 60 & echo > up; wait' &");
        let up = harness.folder().join("up");
        until("the program to run", || up.exists().then_some(()));
        kill(terminal.shell(), Signal::SIGKILL).unwrap();
        terminal.end_of_shell();
        harness.killed_orphans();
    }
}

/// Vim clears the screen for a second one.
#[test]
fn a_program_gets_one_sigcont_for_fg() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let mut terminal = open(&harness, Shell::BASH);
    if !is_installed("perl") {
        return;
    }
    // A shell would start other programs, and cannot stop while it does so by vfork.
    let script = "$SIG{CONT} = sub { open F, '>>', 'heard'; print F qq(continued\\n); close F };\n\
                  $| = 1; print qq(ready\\n); sleep 1 while 1";
    fs::write(harness.folder().join("script"), script).unwrap();
    terminal.type_line("$P perl script");
    terminal.expect("ready");
    let outer = terminal.foreground();
    for times in 1..=3 {
        press_ctrl_z(&mut terminal);
        type_fg(&mut terminal, outer);
        until("SIGCONT", || (lines(harness.folder()).len() >= times).then_some(()));
        // The launcher has read its own, and the program has had time for another one.
        until("outer, asleep", || state_of(outer).filter(|state| *state == 'S'));
        terminal.resize(30 + times as u16, 100);
        assert_eq!(lines(harness.folder()), vec!["continued"; times]);
    }
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.prompt(), 128 + libc::SIGINT);
    terminal.exit(0);
    harness.assert_no_process_is_left();
}

/// The shell continues both with `fg`, and the launcher passes that on. Ctrl-Z comes before it has done so.
#[test]
fn a_ctrl_z_right_after_fg_stops_the_program() {
    let harness = Harness::open(env!("CARGO_BIN_EXE_actor"));
    let mut terminal = open(&harness, Shell::BASH);
    terminal.type_line("$P sh -c 'echo REA\"\"DY; exec sleep 1000'");
    terminal.expect("READY");
    let outer = terminal.foreground();
    let inner = only_child(outer);
    let program = only_child(inner);
    let is_stopped = || state_of(program) == Some('T');
    let held_inner = Tracee::seize_thread(inner);
    let mut held_outer = Tracee::seize_thread(outer);
    kill(outer, Signal::SIGCONT).unwrap();
    // It has read the signal, and asks what the program is.
    held_outer.run_to(|at| matches!(at, Boundary::Entry(libc::SYS_getpgid, _)));
    terminal.press(Key::CtrlZ);
    until("a stop", || is_stopped().then_some(()));
    drop(held_outer);
    until("outer, asleep", || state_of(outer).filter(|state| *state == 'S'));
    assert!(is_stopped());
    drop(held_inner);
    assert_eq!(terminal.prompt(), 128 + libc::SIGSTOP);
    type_fg(&mut terminal, outer);
    terminal.press(Key::CtrlC);
    assert_eq!(terminal.prompt(), 128 + libc::SIGINT);
    terminal.exit(0);
    harness.assert_no_process_is_left();
}
