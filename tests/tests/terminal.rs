//! The terminal of the tests behaves as one that a user has, in each shell.

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{until, Harness, Key, Shell, Terminal};

fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

fn in_each_shell(check: impl Fn(Terminal<'_>)) {
    for shell in Shell::ALL {
        if shell.is_installed() {
            let harness = harness();
            check(Terminal::open(&harness, shell));
        }
    }
}

#[test]
fn a_command_is_run_and_its_status_reported() {
    in_each_shell(|mut terminal| {
        let ran = terminal.run("echo one; echo two; sh -c 'exit 3'");
        assert!(ran.printed.contains("one\ntwo\n"), "{ran:?}");
        assert_eq!(ran.status, 3);
        assert_eq!(terminal.run("true").status, 0);
    });
}

#[test]
fn ctrl_c_and_ctrl_backslash_end_the_command_and_not_the_shell() {
    in_each_shell(|mut terminal| {
        for (key, signal) in [(Key::CtrlC, libc::SIGINT), (Key::CtrlBackslash, libc::SIGQUIT)] {
            terminal.type_line("sh -c 'ulimit -c 0; echo rea''dy; exec sleep 60'");
            terminal.expect("ready");
            terminal.press(key);
            assert_eq!(terminal.prompt(), 128 + signal);
        }
    });
}

/// What a shell tells of a job that was stopped, and of one that `fg` has continued: fish does not tell.
fn prompt_status(terminal: &Terminal<'_>, status: i32) -> i32 {
    if terminal.kind() == Shell::FISH {
        0
    } else {
        status
    }
}

#[test]
fn a_job_is_stopped_and_continued() {
    in_each_shell(|mut terminal| {
        terminal.type_line("sh -c 'echo rea''dy; read line; echo got $line; exit 4'");
        terminal.expect("ready");
        let job = terminal.foreground();
        assert_ne!(job, terminal.shell());
        terminal.press(Key::CtrlZ);
        assert_eq!(terminal.prompt(), prompt_status(&terminal, 128 + libc::SIGTSTP));
        assert_eq!(terminal.foreground(), terminal.shell());
        terminal.type_line("fg");
        until("the job to have the terminal", || (terminal.foreground() == job).then_some(()));
        terminal.type_line("a line");
        terminal.expect("got a line");
        assert_eq!(terminal.prompt(), prompt_status(&terminal, 4));
    });
}

#[test]
fn modes_that_a_program_leaves_changed_are_seen() {
    in_each_shell(|mut terminal| {
        let before = terminal.modes();
        assert_eq!(terminal.modes(), before);
        terminal.run("stty -onlcr");
        // fish puts such a mode right itself, as zsh does after a crash.
        assert_eq!(terminal.modes() == before, terminal.kind() == Shell::FISH);
        terminal.run("stty onlcr");
        assert_eq!(terminal.modes(), before);
    });
}

#[test]
fn a_program_gets_sigwinch_for_a_new_size_and_draws_on_the_screen() {
    in_each_shell(|mut terminal| {
        terminal.type_line("sh -c 'trap \"stty size\" WINCH; echo rea''dy; while :; do sleep 0.1; done'");
        terminal.expect("ready");
        terminal.resize(30, 100);
        terminal.expect("30 100\n");
        terminal.press(Key::CtrlC);
        terminal.prompt();
        terminal.run("printf '\\033[2J\\033[5;7Hhere\\n'");
        assert_eq!(terminal.screen().lines().nth(4).map(|line| &line[..10]), Some("      here"));
    });
}

#[test]
fn a_terminal_that_hangs_up_ends_the_shell() {
    in_each_shell(|mut terminal| {
        terminal.type_line("sh -c 'echo rea''dy; exec sleep 60'");
        terminal.expect("ready");
        terminal.hang_up();
        terminal.end_of_shell();
    });
}

#[test]
fn what_is_printed_is_read_even_if_the_test_does_not() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::DASH);
    let done = harness.folder().join("done");
    terminal.type_line(&format!("seq 20000; echo > {}", done.display()));
    until("all to be printed", || done.exists().then_some(()));
    terminal.expect("\n20000\n");
    terminal.prompt();
    assert_eq!(terminal.exit(5).code(), Some(5));
}

#[test]
fn nothing_is_left_when_it_is_dropped_not_even_what_ignores_the_hang_up() {
    let harness = harness();
    let mut terminal = Terminal::open(&harness, Shell::DASH);
    terminal.type_line("sh -c 'trap \"\" HUP; echo $$ at work; sleep 60; sleep 60'");
    terminal.expect("\n");
    let pid = terminal.expect(" at work").parse().unwrap();
    drop(terminal);
    drop(harness);
    assert_eq!(kill(Pid::from_raw(pid), None::<Signal>), Err(nix::errno::Errno::ESRCH));
}
