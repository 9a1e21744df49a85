//! The command `pdeathsig`: its options, its messages, its statuses.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Command, Output, Stdio};

use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use pdeathsig_tests::{is_installed, pdeathsig, until, Harness};

#[path = "../../pdeathsig-cli/src/grace.rs"]
mod grace;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../pdeathsig-cli");
const HELP: &str = include_str!("../../pdeathsig-cli/src/help.txt");

fn harness() -> Harness {
    Harness::open(env!("CARGO_BIN_EXE_actor"))
}

fn run(harness: &Harness, arguments: &[&str]) -> Output {
    harness.run(Command::new(pdeathsig()).args(arguments).stdin(Stdio::null()))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn wrong_usage_is_125_and_one_line_that_says_what_is_wrong_and_what_to_do() {
    let harness = harness();
    let cases: &[(&[&str], &str)] = &[
        (&[], "no command was given: write it after the options, as in `pdeathsig make`"),
        (&["--"], "no command was given"),
        (&["-v", "-k", "5"], "no command was given"),
        (&["--signal"], "--signal lacks its value: write `--signal TERM`"),
        (&["-s"], "--signal lacks its value"),
        (&["-k"], "--grace lacks its value: write `--grace 5s`"),
        (&["--watch-pid"], "--watch-pid lacks its value"),
        (&["--expect-parent"], "--expect-parent lacks its value"),
        (&["-s", "SIGTREM", "true"], "--signal: unknown signal name `SIGTREM`; did you mean `SIGTERM`?"),
        (&["-s", "0", "true"], "--signal: 0 is not a valid signal"),
        (&["-s", "", "true"], "--signal: unknown signal name ``"),
        (&["--sginal", "TERM", "true"], "unknown option `--sginal`; did you mean `--signal`?"),
        (&["--keep", "true"], "unknown option `--keep`; did you mean `--keep-background`?"),
        (&["--watch_pid", "1", "true"], "unknown option `--watch_pid`; did you mean `--watch-pid`?"),
        (&["--timeout", "1", "true"], "unknown option `--timeout`: see `pdeathsig --help`"),
        (&["-x", "true"], "unknown option `-x`: see `pdeathsig --help`"),
        (&["-vx", "true"], "unknown option `-x`"),
        (&["--verbose=yes", "true"], "--verbose takes no value, but got `yes`: leave it out"),
    ];
    for (arguments, message) in cases {
        is_refused(&run(&harness, arguments), message);
    }
}

/// One line, the status 125, and no command was run.
#[track_caller]
fn is_refused(output: &Output, message: &str) {
    let printed = text(&output.stderr);
    assert!(printed.starts_with(&format!("pdeathsig: {message}")), "{printed:?} is not {message:?}");
    assert_eq!((printed.lines().count(), output.status.code(), text(&output.stdout)), (1, Some(125), ""), "{printed}");
}

#[test]
fn each_form_of_a_time_and_no_other() {
    let harness = harness();
    for time in ["0", "5", "5s", "500ms", "2m", "1h", "0ms", "007", "876000h"] {
        assert_eq!(run(&harness, &["-k", time, "true"]).status.code(), Some(0), "{time}");
    }
    let wrong =
        ["", "s", "ms", "-5", "+5", " 5", "5 s", "1.5", "1,5s", "5S", "5d", "5sec", "0x5", "1e3", "5s5", "٣", "five"];
    for time in wrong {
        let message = format!("--grace: `{time}` is not a time: write a whole number and a unit, such as 500ms");
        is_refused(&run(&harness, &["--grace", time, "true"]), &message);
    }
    for time in
        ["876001h", "99999999999h", "18446744073709551615", "18446744073709551616ms", "999999999999999999999999"]
    {
        let message = format!("--grace: the time `{time}` is too long");
        is_refused(&run(&harness, &["-k", time, "true"]), &message);
    }
}

#[test]
fn a_time_is_as_long_as_it_says() {
    let milliseconds = |text| grace::parse(text).unwrap().as_millis();
    let times = ["0", "1ms", "500ms", "5", "5s", "2m", "1h", "876000h"].map(milliseconds);
    assert_eq!(times, [0, 1, 500, 5_000, 5_000, 120_000, 3_600_000, 876_000 * 3_600_000]);
}

#[test]
fn a_pid_that_is_none_or_does_not_exist() {
    let harness = harness();
    for option in ["--watch-pid", "--expect-parent"] {
        for pid in ["", "0", "-1", "+1", "1.0", "x", "2147483648", "4294967296", "99999999999999999999"] {
            let message = format!("{option}: `{pid}` is not a process id: write a number from 1 on");
            is_refused(&run(&harness, &[option, pid, "true"]), &message);
        }
    }
    // The largest that there can be, which the kernel never gives.
    let output = run(&harness, &["--watch-pid", "2147483647", "echo", "ran"]);
    is_refused(&output, "no process has the pid 2147483647");
}

#[test]
fn arguments_that_are_no_text() {
    let harness = harness();
    let odd = OsStr::from_bytes(b"\xff");
    for (option, message) in
        [("-k", "--grace: `\u{fffd}` is not a time"), ("-s", "--signal: unknown"), ("--watch-pid", "--watch-pid: ")]
    {
        let output = harness.run(Command::new(pdeathsig()).arg(option).arg(odd).arg("true"));
        is_refused(&output, message);
    }
    is_refused(
        &harness.run(Command::new(pdeathsig()).arg(OsStr::from_bytes(b"--\xff"))),
        "unknown option `--\u{fffd}`",
    );
    let output = harness.run(Command::new(pdeathsig()).args(["printf", "%s"]).arg(odd));
    assert_eq!(output.stdout, b"\xff");
}

#[test]
fn options_end_at_the_first_argument_that_is_none() {
    let harness = harness();
    let cases: &[(&[&str], &str)] = &[
        (&["printf", "%s.", "-s", "--help", "--", "-x"], "-s.--help.--.-x."),
        (&["--", "printf", "%s.", "--", "-V"], "--.-V."),
        (&["-s", "TERM", "--grace=5", "--", "printf", "%s.", "--grace", ""], "--grace.."),
        (&["-sTERM", "-k500ms", "-v", "printf", "%s.", "-"], "-."),
        (&["-vk", "5", "--signal=15", "--keep-background", "printf", "x"], "x"),
        (&["-s", "TERM", "-s", "rtmin+1", "printf", "last"], "last"),
    ];
    for (arguments, printed) in cases {
        let output = run(&harness, arguments);
        assert_eq!((text(&output.stdout), output.status.code()), (*printed, Some(0)), "{arguments:?}: {output:?}");
    }
    // A command may begin with a hyphen.
    let output = run(&harness, &["--", "-x"]);
    assert_eq!(output.status.code(), Some(127), "{output:?}");
}

#[test]
fn the_help_is_one_screen_and_needs_no_command() {
    let harness = harness();
    for arguments in [&["--help"][..], &["-h"], &["-v", "-h", "true"]] {
        let output = run(&harness, arguments);
        assert_eq!((text(&output.stdout), text(&output.stderr), output.status.code()), (HELP, "", Some(0)));
    }
    assert!(HELP.lines().count() <= 24, "{} lines", HELP.lines().count());
    assert_eq!(HELP.lines().find(|line| line.chars().count() > 80), None);
    for arguments in [["--version"], ["-V"]] {
        let output = run(&harness, &arguments);
        let version = format!("pdeathsig {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!((text(&output.stdout), output.status.code()), (version.as_str(), Some(0)));
    }
}

#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let harness = harness();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = harness.start(Command::new(pdeathsig()).arg("-h").stdout(full).stderr(Stdio::piped()));
    is_refused(&output.wait_with_output().unwrap(), "cannot write to standard output: No space left on device");
}

#[test]
fn help_readme_and_manual_page_know_the_same_options() {
    let options = |text: &str| {
        let mut options: Vec<&str> = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| word.len() > 2 && word.starts_with("--") && !word.starts_with("---"))
            .collect();
        options.sort_unstable();
        options.dedup();
        options.join(" ")
    };
    let page = fs::read_to_string(format!("{FOLDER}/pdeathsig.1")).unwrap().replace("Fl Fl ", "--");
    let all = "--expect-parent --grace --help --keep-background --signal --verbose --version --watch-pid";
    assert_eq!((options(HELP), options(&page)), (all.into(), all.into()));
    let readme = fs::read_to_string(format!("{FOLDER}/README.md")).unwrap();
    // The rest of it speaks of other programs, too.
    let table: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `-")).collect();
    assert_eq!(options(&table.join("\n")), all.replace("--help ", "").replace("--version ", ""));
}

#[test]
fn the_manual_page_is_well_formed() {
    let harness = harness();
    let page = format!("{FOLDER}/pdeathsig.1");
    if is_installed("mandoc") {
        let output = harness.run(Command::new("mandoc").args(["-T", "lint", "-W", "warning", &page]));
        assert_eq!(text(&output.stdout), "");
    }
    if is_installed("man") {
        let output =
            harness.run(Command::new("man").args(["--warnings", "--local-file", &page]).env("MANPAGER", "cat"));
        // Without a locale, man warns of that.
        let printed =
            text(&output.stderr).replace("man: can't set the locale; make sure $LC_* and $LANG are correct\n", "");
        assert_eq!((printed.as_str(), output.status.code()), ("", Some(0)));
        assert!(text(&output.stdout).contains("process tree"), "{output:?}");
    }
}

#[test]
fn it_ends_as_the_command_does() {
    let harness = harness();
    for status in [0, 1, 2, 125, 126, 127, 128, 255] {
        let output = run(&harness, &["sh", "-c", &format!("exit {status}")]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(status), ""));
    }
    for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGINT, libc::SIGPIPE, libc::SIGRTMAX()] {
        let output = run(&harness, &["sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!((output.status.signal(), text(&output.stderr)), (Some(signal), ""));
    }
}

#[test]
fn a_command_that_is_missing_or_cannot_be_executed() {
    let harness = harness();
    let plain = harness.folder().join("plain");
    fs::write(&plain, "no program").unwrap();
    let missing = harness.folder().join("missing");
    for (path, status) in [(Path::new("no-such-program"), 127), (&missing, 127), (&plain, 126), (harness.folder(), 126)]
    {
        let path = path.to_str().unwrap();
        let output = run(&harness, &[path]);
        let printed = text(&output.stderr);
        assert_eq!((output.status.code(), printed.lines().count()), (Some(status), 1), "{printed}");
        assert!(printed.starts_with("pdeathsig: ") && printed.contains(path), "{printed}");
    }
}

/// Rust's runtime would have it ignored here, and reset in the command.
#[test]
fn sigpipe_is_as_inherited() {
    let harness = harness();
    let program = pdeathsig().display();
    for (trap, ignored) in [("''", true), ("-", false)] {
        let script = format!("trap {trap} PIPE; exec {program} grep SigIgn /proc/self/status");
        let output = harness.run(Command::new("sh").args(["-c", &script]));
        let mask = u64::from_str_radix(text(&output.stdout).split_whitespace().last().unwrap(), 16).unwrap();
        assert_eq!(mask >> (libc::SIGPIPE - 1) & 1 == 1, ignored);
    }
}

#[test]
fn expect_parent_accepts_the_parent_and_refuses_every_other() {
    let harness = harness();
    let own = process::id().to_string();
    let output = run(&harness, &["--expect-parent", &own, "printf", "ran"]);
    assert_eq!((text(&output.stdout), output.status.code()), ("ran", Some(0)));
    let output = run(&harness, &["--expect-parent", "1", "printf", "ran"]);
    is_refused(&output, &format!("the parent is process {own}, not 1, so the command was not started"));
}

#[test]
fn the_tree_of_a_script_dies_with_it() {
    let harness = harness();
    let script = format!(
        "{} --expect-parent $$ sh -c 'setsid sleep 60 & (setsid sh -c \"echo ready; sleep 60; :\" &) ; wait' & wait",
        pdeathsig().display()
    );
    let mut shell = harness.start(Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()));
    let mut output = BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    shell.kill().unwrap();
    shell.wait().unwrap();
    // It panics if one lives.
    harness.killed_orphans();
}

#[test]
fn watch_pid_ends_the_tree_by_the_signal_and_verbose_says_so() {
    let harness = harness();
    let mut watched = harness.start(Command::new("sleep").arg("60"));
    let mut command = Command::new(pdeathsig());
    command.args(["-v", "-s", "TERM", "-k", "60", "--watch-pid", &watched.id().to_string()]);
    // The second shell has no trap. Before its exec it would have the first one's, and SIGTERM would be lost.
    let script = "trap 'echo cleaned up; exit 3' TERM; sh -c 'echo ready $$; exec sleep 60' & wait";
    command.args(["sh", "-c", script]);
    let mut launcher = harness.start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut output = BufReader::new(launcher.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    let ready = line();
    let child = ready.strip_prefix("ready ").unwrap().trim();
    watched.kill().unwrap();
    watched.wait().unwrap();
    assert_eq!(line(), "cleaned up\n");
    let output = launcher.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let printed = text(&output.stderr);
    let why = format!("the watched process {} exited: SIGTERM to ", watched.id());
    assert!(printed.contains(&why) && printed.contains(child), "{printed}");
    assert!(printed.lines().all(|line| line.starts_with("pdeathsig: ")), "{printed}");
    harness.assert_no_process_is_left();
}

#[test]
fn what_a_command_leaves_behind_ends_unless_it_may_live_on() {
    let harness = harness();
    let script = "setsid sleep 60 > /dev/null 2>&1 & echo $!";
    let output = run(&harness, &["sh", "-c", script]);
    let left = |output: &Output| Pid::from_raw(text(&output.stdout).trim().parse().unwrap());
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert!(kill(left(&output), None::<Signal>).is_err());
    harness.assert_no_process_is_left();

    let output = run(&harness, &["--keep-background", "sh", "-c", script]);
    let left = left(&output);
    assert_eq!(output.status.code(), Some(0));
    // It has come to this process, a subreaper.
    kill(left, Signal::SIGKILL).unwrap();
    assert_eq!(harness.end_of(left), libc::SIGKILL);
}

#[test]
fn it_is_the_launcher_of_a_host_that_names_it() {
    let harness = harness();
    let mut command = pdeathsig::Launcher::new().executable(pdeathsig()).command("sh").unwrap();
    command.args(["-c", "setsid sleep 60 & echo ready; wait"]).stdout(Stdio::piped());
    let mut launcher = harness.start(&mut command);
    let mut line = String::new();
    BufReader::new(launcher.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    // The program dies of SIGKILL, and the rest of the tree with it.
    until("the end of the tree", || (harness.killed_orphans_within(std::time::Duration::ZERO)).map(drop));
    // Half of what a host writes is no request of a user.
    let output = run(&harness, &["--pdeathsig-launcher=1", "--owner=1", "--", "true"]);
    assert_eq!((output.status.code(), text(&output.stderr).lines().count()), (Some(125), 1));
}
