//! The programs of the guide's recipes in other languages run, and leave no process behind.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use pdeathsig_tests::{is_installed, Stage};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use command::pdeathsig;

#[path = "showing/command.rs"]
mod command;

const RECIPES: &str = include_str!("../../pdeathsig/doc/guide/recipes.md");

/// The programs of the recipes in a language, as the guide marks it.
fn programs(language: &str) -> Vec<String> {
    let mut programs = Vec::new();
    let mut inside = false;
    for event in Parser::new(RECIPES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(mark))) => {
                inside = &*mark == language;
                if inside {
                    programs.push(String::new());
                }
            }
            Event::Text(text) if inside => programs.last_mut().unwrap().push_str(&text),
            Event::End(_) => inside = false,
            _ => {}
        }
    }
    assert!(!programs.is_empty(), "no recipe in {language}");
    programs
}

/// Runs each of them with `pdeathsig` in `PATH`.
fn run_and_leave_nothing(test: &str, language: &str, interpreter: &[&str], file: &str) {
    if !is_installed(interpreter[0], test) {
        return;
    }
    let stage = Stage::open(env!("CARGO_BIN_EXE_actor"));
    let program = pdeathsig();
    let own = program.parent().map(Path::to_owned);
    let path = env::join_paths(own.into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap()))).unwrap();
    for text in programs(language) {
        let file = stage.folder().join(file);
        fs::write(&file, text).unwrap();
        let mut command = Command::new(interpreter[0]);
        command.args(&interpreter[1..]).arg(&file).current_dir(stage.folder()).env("PATH", &path).env("HOME", stage.folder());
        // Files instead of pipes: what is left behind would hold a pipe open.
        let said = fs::File::create(stage.folder().join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let status = stage.start(&mut command).wait().unwrap();
        let said = fs::read_to_string(stage.folder().join("said")).unwrap();
        assert!(status.success(), "{status}: {said}");
        // They live for a minute, unless something ends them.
        stage.killed_orphans();
    }
}

#[test]
fn python() {
    run_and_leave_nothing("python", "python", &["python3"], "recipe.py");
}

#[test]
fn node() {
    run_and_leave_nothing("node", "js", &["node"], "recipe.js");
}

#[test]
fn go() {
    run_and_leave_nothing("go", "go", &["go", "run"], "recipe.go");
}

#[test]
fn java() {
    run_and_leave_nothing("java", "java", &["java"], "Build.java");
}
