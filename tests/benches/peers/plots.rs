//! Plots on a light panel, which is legible on any page.

use std::fs;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::TextStyle;

use pdeathsig_tests::Tie;

use super::render::show_ratio;
use super::results::{Results, Table, Unit};

const WIDTH: u32 = 880;
const MARGIN: i32 = 24;
const TOP: i32 = 64;
const ROW: i32 = 30;
const LABELS: i32 = 290;
/// For what stands behind a bar.
const VALUES: i32 = 170;

const INK: RGBColor = RGBColor(31, 35, 40);
const FAINT: RGBColor = RGBColor(89, 99, 110);
const GRID: RGBColor = RGBColor(208, 215, 222);
const OURS: RGBColor = RGBColor(9, 105, 218);
const THEIRS: RGBColor = RGBColor(140, 149, 159);
const OURS_TOO: RGBColor = RGBColor(84, 174, 255);
/// Of others' lines, in the order of the rows.
const LINES: [RGBColor; 10] = [
    RGBColor(89, 99, 110),
    RGBColor(191, 135, 0),
    RGBColor(26, 127, 55),
    RGBColor(188, 76, 0),
    RGBColor(164, 14, 38),
    RGBColor(130, 80, 223),
    RGBColor(191, 57, 137),
    RGBColor(0, 127, 134),
    RGBColor(120, 80, 40),
    RGBColor(150, 160, 0),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

pub(crate) fn write(results: &Results, folder: &Path) {
    if let Some(part) = results.parts.get("latency") {
        let table = &part.tables[0];
        let mut bars: Vec<Bar> = table.rows.iter().map(|row| Bar::new(table, &row.name, "")).collect();
        let living = part.fates.iter().filter(|fate| fate.child == "lives");
        bars.extend(living.map(|fate| Bar { name: fate.name.clone(), value: None, text: "lives on".into() }));
        bar_plot(
            folder,
            "latency",
            "From the parent's SIGKILL to the child's death",
            "medians, logarithmic",
            bars,
            true,
        );
    }
    if let Some(part) = results.parts.get("crowds") {
        let tables = numbered(&part.tables, " die");
        let axes = Axes {
            title: "From the parent's SIGKILL until all are dead, per child",
            unit: " children",
            log: [true, false],
        };
        line_plot(folder, "crowds", &axes, &tables);
    }
    if let Some(part) = results.parts.get("spawning") {
        let tables = numbered(&part.tables, " GiB, spawn");
        let axes =
            Axes { title: "Time of a spawn, by what is resident in the parent", unit: " GiB", log: [false, true] };
        line_plot(folder, "spawning", &axes, &tables);
    }
    if let Some(part) = results.parts.get("building") {
        let [packages, times] = &part.tables[..] else { panic!("building has two tables") };
        let count = |name: &str| packages.row(name).map_or(0.0, |row| row.median);
        let text = |name: &str| match count(name) as usize {
            1 => ", 1 package".into(),
            number => format!(", {number} packages"),
        };
        let bars = times.rows.iter().map(|row| Bar::new(times, &row.name, &text(&row.name))).collect();
        bar_plot(
            folder,
            "building",
            "Building a project with one dependency, from clean",
            "medians of debug builds",
            bars,
            false,
        );
    }
}

struct Bar {
    name: String,
    value: Option<f64>,
    text: String,
}

impl Bar {
    fn new(table: &Table, name: &str, more: &str) -> Bar {
        let row = table.row(name).unwrap();
        Bar { name: name.into(), value: Some(row.median), text: table.unit.show(row.median) + more }
    }
}

fn plain(title: &str) -> String {
    title.replace(['*', '`'], "")
}

fn is_ours(title: &str) -> bool {
    title.starts_with("**")
}

fn style(size: i32, colour: RGBColor, horizontally: HPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour).pos(Pos::new(horizontally, VPos::Center))
}

fn draw(folder: &Path, name: &str, title: &str, subtitle: &str, height: u32, plot: impl FnOnce(&Area<'_>)) {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.draw(&Text::new(title.to_owned(), (MARGIN, 26), style(19, INK, HPos::Left))).unwrap();
        area.draw(&Text::new(subtitle.to_owned(), (MARGIN, 48), style(14, FAINT, HPos::Left))).unwrap();
        plot(&area);
        area.present().unwrap();
    }
    let head = svg.find("<svg").unwrap();
    let begin = head + svg[head..].find('>').unwrap();
    let panel = format!(
        " role=\"img\" aria-label=\"{title}\">\n<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"12\" fill=\"#f6f8fa\" stroke=\"#d0d7de\"/>",
        WIDTH - 1,
        height - 1
    );
    svg.replace_range(begin..=begin, &panel);
    fs::write(folder.join(format!("{name}.svg")), svg).unwrap();
}

/// Horizontal bars; a logarithmic axis begins at a power of ten.
fn bar_plot(folder: &Path, name: &str, title: &str, subtitle: &str, bars: Vec<Bar>, log: bool) {
    let values = || bars.iter().filter_map(|bar| bar.value);
    let least = if log { 10_f64.powf(values().fold(f64::INFINITY, f64::min).log10().floor()) } else { 0.0 };
    // With the next power of ten, if that is near.
    let most = values().fold(0.0, f64::max);
    let most = if log { most.max(10_f64.powf(most.log10().round()).min(most * 1.1)) } else { most };
    let (left, right) = (MARGIN + LABELS, WIDTH as i32 - MARGIN - VALUES);
    let at = |value: f64| left + (along(value, least, most, log) * f64::from(right - left)) as i32;
    let bottom = TOP + ROW * bars.len() as i32;
    let height = (bottom + if log { 36 } else { 16 }) as u32;
    draw(folder, name, title, subtitle, height, |area| {
        for tick in ticks(least, most, log).into_iter().filter(|_| log) {
            area.draw(&PathElement::new(vec![(at(tick), TOP), (at(tick), bottom)], GRID)).unwrap();
            area.draw(&Text::new(round(tick), (at(tick), bottom + 16), style(13, FAINT, HPos::Center))).unwrap();
        }
        for (index, bar) in bars.iter().enumerate() {
            let (top, ours) = (TOP + ROW * index as i32, is_ours(&bar.name));
            let middle = top + ROW / 2;
            area.draw(&Text::new(plain(&bar.name), (left - 10, middle), style(14, INK, HPos::Right))).unwrap();
            let end = bar.value.map_or(left, at);
            let colour = if ours { OURS } else { THEIRS };
            area.draw(&Rectangle::new([(left, top + 6), (end, top + ROW - 6)], colour.filled())).unwrap();
            area.draw(&Text::new(bar.text.clone(), (end + 8, middle), style(14, INK, HPos::Left))).unwrap();
        }
    });
}

/// What the lines are drawn over.
struct Axes {
    title: &'static str,
    unit: &'static str,
    /// Whether numbers, and times, are logarithmic.
    log: [bool; 2],
}

/// The tables that a number comes first in the name of.
fn numbered<'a>(tables: &'a [Table], kind: &str) -> Vec<(f64, &'a Table)> {
    let number = |table: &'a Table| Some((table.name.strip_suffix(kind)?.parse().ok()?, table));
    // Of one run.
    tables.iter().filter(|table| table.earlier.is_none()).filter_map(number).collect()
}

/// Where to draw lines across: at powers of ten, or at even steps from 0 on.
fn ticks(least: f64, most: f64, log: bool) -> Vec<f64> {
    if log {
        let powers = least.log10().ceil() as i32..=most.log10().floor() as i32;
        return powers.map(|power| 10_f64.powi(power)).collect();
    }
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    let step = steps.into_iter().find(|step| most / step <= 6.0).unwrap_or(most);
    (0..=(most / step) as usize).map(|times| times as f64 * step).collect()
}

/// How far along it is, from 0 to 1.
fn along(value: f64, least: f64, most: f64, log: bool) -> f64 {
    if log {
        (value / least).ln() / (most / least).ln()
    } else {
        (value - least) / (most - least)
    }
}

/// A line for each row, through all tables; beside it its name, with the ratio in the last of them.
fn line_plot(folder: &Path, name: &str, axes: &Axes, tables: &[(f64, &Table)]) {
    const HEIGHT: i32 = 440;
    const LEGEND: i32 = 330;
    let (Some((first, some)), Some((last_number, last))) = (tables.first(), tables.last()) else { return };
    let values = || tables.iter().flat_map(|(_, table)| table.rows.iter().map(|row| row.median));
    let [log_across, log_up] = axes.log;
    let least = if log_up { values().fold(f64::INFINITY, f64::min) * 0.8 } else { 0.0 };
    let most = values().fold(0.0, f64::max) * if log_up { 1.25 } else { 1.05 };
    let (left, right, bottom) = (MARGIN + 64, WIDTH as i32 - LEGEND - 24, HEIGHT - 44);
    let across =
        |number: f64| left + (along(number, *first, *last_number, log_across) * f64::from(right - left)) as i32;
    let up = |time: f64| bottom - (along(time, least, most, log_up) * f64::from(bottom - TOP)) as i32;
    let scale = if log_up { "medians, logarithmic" } else { "medians" };
    let subtitle = format!("{scale}; behind each name the ratio at {last_number}{}", axes.unit);
    draw(folder, name, axes.title, &subtitle, HEIGHT as u32, |area| {
        for tick in ticks(least, most, log_up) {
            area.draw(&PathElement::new(vec![(left, up(tick)), (right, up(tick))], GRID)).unwrap();
            let text = if tick == 0.0 { "0".into() } else { round(tick) };
            area.draw(&Text::new(text, (left - 10, up(tick)), style(13, FAINT, HPos::Right))).unwrap();
        }
        for (number, _) in tables {
            let text = format!("{number}{}", axes.unit);
            area.draw(&Text::new(text, (across(*number), bottom + 20), style(13, FAINT, HPos::Center))).unwrap();
        }
        for (index, row) in some.rows.iter().enumerate() {
            let (colour, width) = line_style(index, &row.name);
            let points = tables.iter().filter_map(|(number, table)| Some((*number, table.row(&row.name)?.median)));
            let points: Vec<(i32, i32)> = points.map(|(number, time)| (across(number), up(time))).collect();
            area.draw(&PathElement::new(points.clone(), colour.stroke_width(width))).unwrap();
            for point in points {
                area.draw(&Circle::new(point, width + 1, colour.filled())).unwrap();
            }
        }
        let mut rows: Vec<_> = some.rows.iter().enumerate().collect();
        let height = |name: &str| last.row(name).map_or(f64::INFINITY, |row| row.median);
        rows.sort_by(|(_, one), (_, other)| height(&other.name).total_cmp(&height(&one.name)));
        for (place, (index, row)) in rows.into_iter().enumerate() {
            let (middle, start) = (TOP + 16 + 32 * place as i32, right + 36);
            let (colour, width) = line_style(index, &row.name);
            let line = vec![(start, middle), (start + 20, middle)];
            area.draw(&PathElement::new(line, colour.stroke_width(width + 1))).unwrap();
            let ratio = last.row(&row.name).map_or_else(|| "–".into(), show_ratio);
            let text = format!("{}: {ratio}", plain(&row.name));
            area.draw(&Text::new(text, (start + 28, middle), style(14, INK, HPos::Left))).unwrap();
        }
    });
}

fn line_style(index: usize, name: &str) -> (RGBColor, u32) {
    match name {
        _ if name == Tie::Tether.title() => (OURS, 3),
        _ if is_ours(name) => (OURS_TOO, 3),
        _ => (LINES[index % LINES.len()], 2),
    }
}

/// A time that needs no places.
fn round(time: f64) -> String {
    Unit::Nanoseconds.show(time).replace(".00 ", " ").replace(".0 ", " ")
}
