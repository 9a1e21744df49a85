//! The examples in a terminal, as a user runs them: each ends as it should, and leaves the terminal as it was.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use pdeathsig_tests::{example, Key, Shell, Terminal};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use crate::harness;

/// The shells that tell what a program has left of the terminal: bash as users have it, and dash, which never puts
/// anything right.
const SHELLS: [Shell; 2] = [Shell::BASH, Shell::DASH];

/// Runs a program in a terminal of each shell. `use_it` does what the user does, until the next prompt has told its
/// status.
fn leaves_the_terminal_as_it_was(program: impl Fn() -> PathBuf, arguments: &str, use_it: impl Fn(&mut Terminal<'_>)) {
    for shell in SHELLS {
        let harness = harness();
        let program = program();
        let folder = harness.folder().to_owned();
        let mut terminal =
            Terminal::open_with(&harness, shell, |bash| bash.current_dir(&folder).env("TMPDIR", &folder));
        let before = terminal.modes();
        terminal.type_line(&format!("{} {arguments}", program.display()));
        use_it(&mut terminal);
        assert_eq!(terminal.modes(), before, "in {}", shell.name());
        assert_eq!(terminal.exit(0).code(), Some(0));
        // A child that died together with its parent comes to the test dead. It panics if one lives.
        harness.killed_orphans();
    }
}

fn shows(name: &str, last: &str) {
    leaves_the_terminal_as_it_was(
        || example(name),
        "",
        |terminal| {
            terminal.expect(last);
            assert_eq!(terminal.prompt(), 0);
        },
    );
}

#[test]
fn demo_leaves_the_terminal_as_it_was() {
    shows("demo", "No process was left behind.");
}

#[test]
fn graceful_leaves_the_terminal_as_it_was() {
    shows("graceful", "was killed by SIGKILL");
}

#[test]
fn tokio_leaves_the_terminal_as_it_was() {
    shows("tokio", "exited with the status 0");
}

#[test]
fn mcp_server_leaves_the_terminal_as_it_was() {
    shows("mcp_server", "though its input has not ended");
}

#[test]
fn orphan_leaves_the_terminal_as_it_was() {
    shows("orphan", "lives on");
}

#[test]
fn process_group_leaves_the_terminal_as_it_was() {
    shows("process_group", "The group outlived its leader");
}

#[test]
fn tether_leaves_the_terminal_as_it_was() {
    shows("tether", "nothing is left");
}

#[test]
fn launcher_leaves_the_terminal_as_it_was() {
    shows("launcher", "gone here, too");
}

#[test]
fn supervisor_leaves_the_terminal_as_it_was() {
    shows("supervisor", "All workers finished");
}

/// Interrupts an example when it has printed that.
fn is_interrupted(name: &str, printed: &str) {
    let use_it = |terminal: &mut Terminal<'_>| {
        terminal.expect(printed);
        terminal.press(Key::CtrlC);
        assert_eq!((name, terminal.prompt()), (name, 128 + Signal::SIGINT as i32), "{}", terminal.screen());
    };
    leaves_the_terminal_as_it_was(|| example(name), "", use_it);
}

#[test]
fn examples_that_print_until_they_are_interrupted() {
    for name in ["main", "child", "call"] {
        is_interrupted(name, "Z\n");
    }
}

#[test]
fn shows_that_are_interrupted_in_the_middle() {
    // The demo has cargo build them.
    for name in ["main", "child"] {
        let _harness = harness();
        example(name);
    }
    // What each prints long before it is over.
    let shows = [
        ("demo", "main --unprotected"),
        ("graceful", "service: request 1"),
        ("mcp_server", "relies on the end of its input"),
        ("launcher", "The host is killed"),
        ("orphan", "A child and its children"),
        ("process_group", "in the process group of its parent"),
        ("supervisor", "worker 1:"),
        ("tether", "under a tether"),
        ("tokio", "worker: piece 1"),
    ];
    for (name, printed) in shows {
        is_interrupted(name, printed);
    }
}

/// The README's program that starts others.
fn readme_example() -> String {
    let text = include_str!("../../../README.md");
    let mut code = None;
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                code = language.starts_with("rust").then(String::new);
            }
            Event::Text(text) => {
                if let Some(code) = &mut code {
                    code.push_str(&text);
                    if code.contains("Launcher::new()") && code.contains("fn main") {
                        return code.clone();
                    }
                }
            }
            _ => {}
        }
    }
    panic!("the README has no example of a program that starts others")
}

/// A program that depends on the crate alone, as a reader's.
fn built(code: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(folder.join("src")).unwrap();
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../pdeathsig");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"readme\"\nedition = \"2021\"\n[dependencies]\npdeathsig = {{ path = {library:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("src/main.rs"), code).unwrap();
    let build = escargot::CargoBuild::new().manifest_path(folder.join("Cargo.toml")).target_dir(folder.join("target"));
    build.run().unwrap().path().to_owned()
}

#[test]
fn the_readmes_program_runs_its_command_in_a_terminal() {
    leaves_the_terminal_as_it_was(
        || {
            // What it starts: here a program that talks to the terminal, and a helper in a session of its own.
            let code =
                readme_example().replace("make -j8 test", "setsid sleep 60 & read line < /dev/tty; echo got $line");
            assert!(code.contains("/dev/tty"), "{code}");
            built(&code)
        },
        "",
        |terminal| {
            terminal.type_line("hello");
            terminal.expect("got hello");
            assert_eq!(terminal.prompt(), 0);
        },
    );
}
