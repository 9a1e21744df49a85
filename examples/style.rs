//! How the examples look in a terminal; piped, they are plain.

use anstyle::{AnsiColor, Style};

/// A title, or what is done now.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// As it should be.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// As it should not be.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
