//! Tables for `BENCHMARKS.md`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::results::{Fate, Measurement, Part, Results, Table, Unit};

/// Puts what was measured between the marks `<!-- begin NAME -->` and `<!-- end NAME -->` of a text.
pub(crate) fn write(results: &Results, template: &Path, file: &Path) {
    let mut text = fs::read_to_string(template).unwrap();
    put(&mut text, "machine", &machine(results));
    for (name, measured) in &results.parts {
        put(&mut text, name, &part(name, measured));
    }
    fs::write(file, text).unwrap();
}

fn put(text: &mut String, name: &str, tables: &str) {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let start = text.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let length = text[start..].find(&end).unwrap_or_else(|| panic!("no {end}"));
    text.replace_range(start..start + length, &format!("\n{}\n\n", tables.trim_end()));
}

fn machine(results: &Results) -> String {
    let kind = if results.virtual_machine {
        "a virtual machine, which may share its cores with others"
    } else {
        "no virtual machine"
    };
    let versions: Vec<String> = results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "{}: Linux {}, {}, {} cores, {kind}. {}. {}.\n",
        results.date,
        results.kernel,
        results.architecture,
        results.cpus,
        results.rustc,
        versions.join(", ")
    )
}

/// The tables of a part.
pub(crate) fn part(name: &str, part: &Part) -> String {
    let mut text = match name {
        "arming" => single(&part.tables[0]),
        "latency" => [latency(part), fates(&part.fates)].join("\n"),
        "crowds" => [matrix(part, " die", "die, each"), matrix(part, " spawned", "spawned, each")].join("\n"),
        "spawning" => [
            matrix(part, ", spawn", "resident, spawn"),
            matrix(part, ", spawn and end", "resident, spawn and end"),
            matrix(part, ", group", "resident"),
        ]
        .join("\n"),
        "launchers" => [
            matrix(part, ", `true`", ""),
            matrix(part, ", idle", ""),
            matrix(part, ", dead after", "dead after"),
            matrix(part, ", survivors", ""),
        ]
        .join("\n"),
        _ => matrix(part, "", ""),
    };
    for fact in &part.facts {
        writeln!(text, "\n{fact}").unwrap();
    }
    for skipped in &part.skipped {
        writeln!(text, "\nNot measured: {}: {}.", skipped.name, skipped.reason).unwrap();
    }
    for table in &part.tables {
        if let Some(earlier) = &table.earlier {
            writeln!(text, "\nNot measured again: {}, of {earlier}.", table.name).unwrap();
        }
    }
    writeln!(
        text,
        "\nMeasured on {} in {} s: {} cores, Linux {}. Trials of each row: {}.",
        part.date,
        part.seconds,
        part.cpus,
        part.kernel,
        trials(part)
    )
    .unwrap();
    text
}

/// From the fewest to the most.
fn trials(part: &Part) -> String {
    let trials = || part.tables.iter().flat_map(|table| &table.rows).map(|row| row.trials);
    match (trials().min(), trials().max()) {
        (Some(fewest), Some(most)) if fewest < most => format!("{fewest} to {most}"),
        (Some(trials), _) => trials.to_string(),
        _ => "none".into(),
    }
}

fn single(table: &Table) -> String {
    let noted = table.rows.iter().any(|row| row.note.is_some());
    let (head, line) = if noted { (" checks |", " --- |") } else { ("", "") };
    let mut text =
        format!("| | trials | median | quartiles | ratio |{head}\n| --- | ---: | ---: | ---: | ---: |{line}\n");
    for row in &table.rows {
        let [lower, upper] = row.quartiles.map(|value| table.unit.show(value));
        let (median, ratio) = (table.unit.show(row.median), show_ratio(row));
        write!(text, "| {} | {} | {median} | {lower} to {upper} | {ratio} |", row.name, row.trials).unwrap();
        if noted {
            write!(text, " {} |", row.note.as_deref().unwrap_or_default()).unwrap();
        }
        text.push('\n');
    }
    text
}

fn latency(part: &Part) -> String {
    let mut text = single(&part.tables[0]);
    for fate in part.fates.iter().filter(|fate| fate.child == "lives") {
        writeln!(text, "| {} | {} | lives | | |", fate.name, fate.trials).unwrap();
    }
    text
}

fn fates(fates: &[Fate]) -> String {
    let mut text =
        "| | child | grandchild | child, when only the spawning thread ends |\n| --- | --- | --- | --- |\n".to_owned();
    for fate in fates {
        writeln!(text, "| {} | {} | {} | {} |", fate.name, fate.child, fate.grandchild, fate.when_only_the_thread_ends)
            .unwrap();
    }
    text
}

/// The tables of that kind, one in each column: medians, and ratios.
fn matrix(part: &Part, kind: &str, heading: &str) -> String {
    let tables: Vec<(&str, &Table)> =
        part.tables.iter().filter_map(|table| Some((table.name.strip_suffix(kind)?, table))).collect();
    let mut text = String::from("|");
    for (column, _) in &tables {
        write!(text, " | {}", format!("{column} {heading}").trim()).unwrap();
    }
    text.push_str(" |\n| ---");
    text.push_str(&" | ---:".repeat(tables.len()));
    text.push_str(" |\n");
    let mut names: Vec<&str> = Vec::new();
    for row in tables.iter().flat_map(|(_, table)| &table.rows) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    for name in names {
        write!(text, "| {name}").unwrap();
        for (_, table) in &tables {
            match table.row(name) {
                Some(row) => write!(text, " | {}{}", table.unit.show(row.median), in_brackets(row)).unwrap(),
                None => text.push_str(" | –"),
            }
        }
        text.push_str(" |\n");
    }
    text
}

/// Three digits, or all before the point.
fn digits(value: f64) -> String {
    let places = match value {
        _ if value >= 99.95 => 0,
        _ if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

fn in_brackets(row: &Measurement) -> String {
    row.ratio.map_or_else(String::new, |_| format!(" ({})", show_ratio(row)))
}

pub(crate) fn show_ratio(row: &Measurement) -> String {
    let Some(ratio) = row.ratio else { return String::new() };
    let places = match ratio {
        _ if ratio >= 99.95 => 0,
        _ if ratio >= 19.95 => 1,
        _ => 2,
    };
    format!("{ratio:.places$}")
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        let (size, unit) = match self {
            Unit::Packages | Unit::Count => return format!("{value:.0}"),
            Unit::Bytes => return format!("{:.0} KiB", value / 1024.0),
            Unit::Nanoseconds if value < 999.5 => (1.0, "ns"),
            Unit::Nanoseconds if value < 999.5e3 => (1e3, "µs"),
            Unit::Nanoseconds if value < 999.5e6 => (1e6, "ms"),
            Unit::Nanoseconds => (1e9, "s"),
        };
        format!("{} {unit}", digits(value / size))
    }
}
