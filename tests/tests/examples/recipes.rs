//! The programs of the guide's recipes in other languages run, and leave no process behind.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pdeathsig_tests::{is_installed, pdeathsig};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use crate::harness;

const RECIPES: &str = include_str!("../../../pdeathsig/doc/guide/recipes.md");

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

/// Says that it has started, and sleeps.
const SLEEP: &str = r#"#!/bin/sh
: > "$STARTED/$$"
exec "$REAL_SLEEP" "$@"
"#;

/// Waits until both sleeps of a recipe have started.
const UNTIL_STARTED: &str = r#"#!/bin/sh
while [ "$(ls "$STARTED" | wc -l)" -lt 2 ]; do "$REAL_SLEEP" 0.01; done
"#;

/// Runs each of them, with `pdeathsig` in `PATH`. Where it says `…`, both of its sleeps have started.
fn run_and_leave_nothing(language: &str, interpreter: &[&str], file: &str, wait: &str) {
    if !is_installed(interpreter[0]) {
        return;
    }
    let harness = harness();
    let programs_folder = harness.folder().join("programs");
    fs::create_dir(&programs_folder).unwrap();
    symlink(pdeathsig(), programs_folder.join("pdeathsig")).unwrap();
    for (name, text) in [("sleep", SLEEP), ("until-started", UNTIL_STARTED)] {
        let script = programs_folder.join(name);
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    }
    let usual: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap()).collect();
    let sleep = usual.iter().map(|folder| folder.join("sleep")).find(|file| file.is_file()).unwrap();
    let path = env::join_paths([programs_folder].iter().chain(&usual)).unwrap();

    for (number, text) in programs(language).into_iter().enumerate() {
        let folder = harness.folder().join(number.to_string());
        let started = folder.join("started");
        fs::create_dir_all(&started).unwrap();
        assert_eq!(text.matches(" …\n").count(), 1, "{text}");
        let text = text.replace("# …\n", &format!("{wait}\n")).replace("// …\n", &format!("{wait}\n"));
        fs::write(folder.join(file), text).unwrap();
        let mut command = Command::new(interpreter[0]);
        command.args(&interpreter[1..]).arg(file).current_dir(&folder);
        command.env("PATH", &path).env("STARTED", started).env("REAL_SLEEP", &sleep);
        // A file instead of a pipe, which a process that is left behind would hold open.
        let printed = File::create(folder.join("printed")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(printed);
        let status = harness.start(&mut command).wait().unwrap();
        assert!(status.success(), "{status}: {}", fs::read_to_string(folder.join("printed")).unwrap());
        // The sleeps would live for a minute.
        harness.killed_orphans();
    }
}

#[test]
fn a_python_parent_leaves_nothing() {
    run_and_leave_nothing("python", &["python3"], "recipe.py", "subprocess.run([\"until-started\"])");
}

#[test]
fn a_node_parent_leaves_nothing() {
    let wait = "require(\"node:child_process\").execFileSync(\"until-started\");";
    run_and_leave_nothing("js", &["node"], "recipe.js", wait);
}

#[test]
fn a_go_parent_leaves_nothing() {
    run_and_leave_nothing("go", &["go", "run"], "recipe.go", "exec.Command(\"until-started\").Run()");
}

#[test]
fn a_java_parent_leaves_nothing() {
    let wait = "new ProcessBuilder(\"until-started\").start().waitFor();";
    run_and_leave_nothing("java", &["java"], "Build.java", wait);
}
