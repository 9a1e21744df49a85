//! A program under a launcher inherits what it would inherit without one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::fcntl::{fcntl, FcntlArg, FdFlag};

use crate::{harness, without_signals_of_glibc};

/// Set by `perl` before it executes what follows.
const SURROUNDINGS: [(&str, &str); 8] = [
    ("nothing", ""),
    ("SIGPIPE ignored", "$SIG{PIPE} = 'IGNORE';"),
    ("SIGCHLD ignored", "$SIG{CHLD} = 'IGNORE';"),
    ("SIGHUP and SIGTERM ignored", "$SIG{HUP} = $SIG{TERM} = 'IGNORE';"),
    ("a priority", "setpriority(0, 0, 7);"),
    ("a file mask", "umask 027;"),
    ("signals blocked", "use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1, SIGTERM, SIGCHLD));"),
    ("another directory", "chdir '/tmp';"),
];

/// What `/proc` tells of the program.
const FILES: [&str; 3] = ["environ", "limits", "status"];
const LINES: [&str; 8] =
    ["Umask:", "SigBlk:", "SigIgn:", "SigCgt:", "ShdPnd:", "NoNewPrivs:", "Seccomp:", "Cpus_allowed:"];

fn state(launcher: &[&str], surroundings: &str) -> Vec<(String, Vec<u8>)> {
    let run = |program: &[&str]| {
        let mut command = Command::new("perl");
        command.args(["-e", &format!("{surroundings} exec @ARGV")]).args(launcher).args(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("A", "b").env("EMPTY", "");
        command.env("ODD", OsString::from_vec(b"\xff\n=".to_vec()));
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{program:?}");
        output.stdout
    };
    let mut state = Vec::new();
    for file in FILES {
        let text = run(&["cat", &format!("/proc/self/{file}")]);
        if file == "status" {
            let text = String::from_utf8(text).unwrap();
            let lines = text.lines().filter(|line| LINES.iter().any(|name| line.starts_with(name)));
            state.push((file.to_owned(), lines.collect::<Vec<_>>().join("\n").into_bytes()));
        } else {
            state.push((file.to_owned(), text));
        }
    }
    state.push(("directory".to_owned(), run(&["readlink", "/proc/self/cwd"])));
    state.push(("descriptors".to_owned(), run(&["sh", "-c", "cd /proc/$$/fd; echo *"])));
    state.push(("nice".to_owned(), run(&["nice"])));
    state
}

#[test]
fn signals_environment_limits_and_the_like_are_as_without() {
    let _harness = harness();
    for (name, surroundings) in SURROUNDINGS {
        let plain = state(&[], surroundings);
        let launched = state(&[env!("CARGO_BIN_EXE_run_launcher")], surroundings);
        for ((what, plain), (_, launched)) in plain.iter().zip(&launched) {
            let (plain, launched) = (String::from_utf8_lossy(plain), String::from_utf8_lossy(launched));
            assert_eq!(plain, launched, "{name}: {what}");
        }
    }
}

#[test]
fn descriptors_are_as_without() {
    let harness = harness();
    let file = harness.folder().join("file");
    fs::write(&file, "text").unwrap();
    let file = File::open(&file).unwrap();
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let script = format!("cat <&{}; exec 0<&-; ls /proc/self/fd | wc -l", file.as_raw_fd());
    let run = |command: &mut Command| command.args(["sh", "-c", &script]).output().unwrap();
    let plain = run(&mut Command::new("env"));
    std::io::Seek::rewind(&mut &file).unwrap();
    let launched = run(&mut Command::new(env!("CARGO_BIN_EXE_run_launcher")));
    assert!(plain.stdout.starts_with(b"text"), "{plain:?}");
    assert_eq!(plain.stdout, launched.stdout);
}

#[test]
fn a_host_gives_what_stds_command_gives() {
    let harness = harness();
    let script = "grep -E '^(SigBlk|SigIgn|SigCgt|SigPnd|ShdPnd)' /proc/self/status; cat /proc/self/environ; pwd";
    let host = |launcher: bool| {
        let mut host = Command::new(env!("CARGO_BIN_EXE_launcher_host"));
        let host = host.args([if launcher { "spawn" } else { "plain" }, "sh", "-c", script]);
        harness.run(host.current_dir(harness.folder()).arg0("host")).stdout
    };
    let (plain, launched) = (host(false), host(true));
    assert!(plain.ends_with(b"exit 0\n"), "{}", String::from_utf8_lossy(&plain));
    assert_eq!(without_signals_of_glibc(&plain), without_signals_of_glibc(&launched));
}

#[test]
fn a_pid_in_the_environment_that_names_the_launcher_names_the_program() {
    let _harness = harness();
    for name in ["LISTEN_PID", "WATCHDOG_PID"] {
        let run = |value: &str| {
            let script = format!("export {name}={value}; exec \"$@\"");
            let program = format!("echo ${name} $$");
            let mut command = Command::new("sh");
            command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_run_launcher"), "sh", "-c", &program]);
            let printed = String::from_utf8(command.output().unwrap().stdout).unwrap();
            let (value, own) = printed.trim_end().split_once(' ').unwrap();
            (value.to_owned(), own.to_owned())
        };
        let (value, own) = run("$$");
        assert_eq!(value, own, "{name}");
        assert_eq!(run("1").0, "1", "{name}");
    }
}
