//! What the documents point at is there: files, sections, tests, pictures.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Folders with documents.
const FOLDERS: [&str; 7] =
    ["", "pdeathsig/doc/guide", "pdeathsig-cli", "pdeathsig-macros", "tests", "tests/reports", "benchmarks"];

/// Definitions of links for rustdoc, which checks them.
const FOR_RUSTDOC: &str = "items.md";

fn files(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            files.push(entry.unwrap().path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|is| is == ending) && !file.ends_with(FOR_RUSTDOC));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// What a document refers to.
#[derive(Default)]
struct References {
    /// Links and pictures.
    links: Vec<String>,
    /// Anchors, as a forge makes them of headings.
    anchors: BTreeSet<String>,
    /// What stands in code font and looks like a test's path.
    tests: Vec<String>,
}

fn references(text: &str) -> References {
    let mut found = References::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                found.links.push(dest_url.to_string())
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                let words = heading.take().unwrap_or_default().to_lowercase();
                found.anchors.insert(words.chars().filter(kept).collect::<String>().replace(' ', "-"));
            }
            Event::Text(text) | Event::Code(text) if heading.is_some() => heading.as_mut().unwrap().push_str(&text),
            // A command has arguments.
            Event::Code(code) if code.starts_with("tests/") && !code.contains(' ') => {
                found.tests.push(code.to_string())
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_link_leads_to_a_file_and_a_section_that_is_there() {
    let mut links = 0;
    for file in files(&FOLDERS, "md") {
        let own = references(&fs::read_to_string(&file).unwrap());
        // rustdoc resolves paths of items, and the network the rest.
        let elsewhere = |link: &str| link.contains("://") || link.contains("::");
        for link in own.links.iter().filter(|link| !elsewhere(link)) {
            links += 1;
            let (path, section) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { file.clone() } else { file.with_file_name(path) };
            assert!(target.exists(), "{}: {link}", file.display());
            if !section.is_empty() {
                let there = references(&fs::read_to_string(&target).unwrap());
                assert!(there.anchors.contains(section), "{}: {link}", file.display());
            }
        }
    }
    assert!(links > 100, "{links}");
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let mut tests = 0;
    for file in files(&FOLDERS, "md") {
        for test in references(&fs::read_to_string(&file).unwrap()).tests {
            tests += 1;
            assert!(Path::new(ROOT).join(&test).exists(), "{}: {test}", file.display());
        }
    }
    assert!(tests > 50, "{tests}");
}

#[test]
fn every_chapter_of_the_guide_names_its_tests() {
    for file in files(&["pdeathsig/doc/guide"], "md") {
        let tests = references(&fs::read_to_string(&file).unwrap()).tests;
        assert!(tests.len() >= 2, "{}: {tests:?}", file.display());
    }
}

/// They stand inside pages, where a blank line would end them, and what they name would meet the names of others.
#[test]
fn every_picture_can_stand_in_a_page_that_is_light_or_dark() {
    for file in files(&["pdeathsig/doc"], "svg") {
        let text = fs::read_to_string(&file).unwrap();
        let name = format!("{}-svg", file.file_stem().unwrap().to_str().unwrap());
        assert!(text.lines().all(|line| !line.trim().is_empty()), "{}: a blank line", file.display());
        for id in text.split(" id=\"").skip(1) {
            assert!(id.starts_with(&name), "{}: {id:.20}", file.display());
        }
        for needed in ["prefers-color-scheme: dark", "<title id=", "<desc id=", "role=\"img\""] {
            assert!(text.contains(needed), "{}: {needed}", file.display());
        }
    }
}
