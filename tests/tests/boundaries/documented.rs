//! The guarantee tables, as the docs have them.

/// The front page, and the crate's documentation.
const DOCUMENTS: [(&str, &str); 2] =
    [("README.md", include_str!("../../../README.md")), ("lib.rs", include_str!("../../../pdeathsig/src/lib.rs"))];

/// The rows about the instant at which the parent dies, by their first words.
pub(crate) const PHASES: [&str; 3] = ["before the child records it", "while the child arms", "any time later"];

/// Which column a way has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Call = 1,
    ExpectedParent,
    Watch,
    Command,
    Tether,
}

/// What stands in the head of each.
const HEADS: [&str; 6] = ["the parent dies", "call", "expected_parent", "watch", "Command::die_with_parent", "Tether"];

/// The tables of both documents.
pub(crate) struct Tables(Vec<Vec<Vec<String>>>);

impl Tables {
    pub(crate) fn read() -> Tables {
        Tables(DOCUMENTS.iter().map(|(name, text)| table(name, text)).collect())
    }

    /// What all of them say.
    pub(crate) fn signal_comes(&self, row: &str, column: Column) -> bool {
        let said = self.0.iter().map(|table| {
            let row = table.iter().find(|cells| cells[0].starts_with(row)).unwrap();
            match row[column as usize].as_str() {
                "the signal comes" => true,
                "**no signal**" => false,
                other => panic!("the cell {other:?} says neither"),
            }
        });
        let said: Vec<bool> = said.collect();
        assert!(said.iter().all(|says| *says == said[0]), "the tables differ about {row:?}, {column:?}");
        said[0]
    }
}

fn table(name: &str, text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(|line| line.trim_start_matches("//!").trim());
    let from_head = lines.skip_while(|line| !line.starts_with("| the parent dies"));
    let rows: Vec<Vec<String>> = from_head.take_while(|line| line.starts_with('|')).map(cells).collect();
    assert_eq!(rows.len(), 2 + PHASES.len(), "{name}");
    for (cell, head) in rows[0].iter().zip(HEADS) {
        let says = cell.contains(head) || (head == "call" && cell.contains("die_with_parent"));
        assert!(says, "{name}: the column {cell:?} is not that of {head}");
    }
    rows
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}
