//! The guarantee tables of the documentation.

/// Every case, in a chapter of the guide.
const EVERY_CASE: &str = include_str!("../../../pdeathsig/doc/guide/choosing.md");

/// The front pages, which have one table for all.
const FRONT_PAGES: [(&str, &str); 2] =
    [("README.md", include_str!("../../../README.md")), ("lib.rs", include_str!("../../../pdeathsig/src/lib.rs"))];

/// The rows about the instant at which the parent dies, by their first words.
pub(crate) const PHASES: [&str; 3] = ["before the child records it", "while the child arms", "any time later"];

/// The row of a front page for the first phase, and the one for the others.
const SUMMARY: [&str; 2] = ["the parent dies before the child is up", "the parent is killed, crashes or exits"];

/// A way's column in the guide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Call = 1,
    ExpectedParent,
    Watch,
    Command,
    Tether,
}

/// The heads of the guide's columns.
const HEADS: [&str; 7] = [
    "the parent dies",
    "die_with_parent",
    "expected_parent",
    "watch",
    "Command::die_with_parent",
    "Tether",
    "Launcher",
];

/// The heads of a front page's columns.
const SUMMARY_HEADS: [&str; 4] = ["what happens", "die_with_parent", "Tether", "Launcher"];

type Table = Vec<Vec<String>>;

pub(crate) struct Tables {
    every_case: Table,
    front_pages: Vec<Table>,
}

impl Tables {
    pub(crate) fn read() -> Tables {
        Tables {
            every_case: table("choosing.md", EVERY_CASE, &HEADS),
            front_pages: FRONT_PAGES.iter().map(|(name, text)| table(name, text, &SUMMARY_HEADS)).collect(),
        }
    }

    /// Whether the child dies, by the guide and by both front pages, which must not differ.
    pub(crate) fn child_dies(&self, phase: &str, column: Column) -> bool {
        let dies = says_dies(cell(&self.every_case, phase, column as usize), "");
        let summary = SUMMARY[usize::from(phase != PHASES[0])];
        // On the front pages all ways of the child's side share a column.
        let (index, option) = match column {
            Column::Call => (1, ""),
            Column::ExpectedParent => (1, "expected_parent"),
            Column::Watch => (1, "watch"),
            Column::Tether => (2, ""),
            Column::Command => return dies,
        };
        for (table, (name, _)) in self.front_pages.iter().zip(FRONT_PAGES) {
            let on_front_page = says_dies(cell(table, summary, index), option);
            assert_eq!(on_front_page, dies, "{name} and the guide differ about {phase:?}, {column:?}");
        }
        dies
    }
}

fn cell<'a>(table: &'a Table, row: &str, column: usize) -> &'a str {
    &table.iter().find(|cells| cells[0].starts_with(row)).unwrap_or_else(|| panic!("no row {row:?}"))[column]
}

/// `dies`, `lives`, or `dies with OPTION, else lives`.
fn says_dies(cell: &str, option: &str) -> bool {
    match cell {
        "dies" => true,
        "lives" => false,
        _ => {
            let with = cell.strip_prefix("dies with ").and_then(|rest| rest.strip_suffix(", else lives"));
            with.unwrap_or_else(|| panic!("the cell {cell:?} says neither")) == option
        }
    }
}

fn table(name: &str, text: &str, heads: &[&str]) -> Table {
    let lines = text.lines().map(|line| line.trim_start_matches("//!").trim());
    let mut rows = lines.filter(|line| line.starts_with('|')).map(cells);
    let is_head =
        |row: &Vec<String>| row.len() == heads.len() && row.iter().zip(heads).all(|(cell, head)| cell.contains(head));
    let head = rows.find(is_head).unwrap_or_else(|| panic!("{name}: no table has the columns {heads:?}"));
    rows.take_while(|row| row.len() == head.len()).collect()
}

/// The cells of a row, without marks and links.
fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| plain(cell.trim())).collect()
}

fn plain(cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell;
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.chars().filter(|c| !"*`[]".contains(*c)).collect()
}
