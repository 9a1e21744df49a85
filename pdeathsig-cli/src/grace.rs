//! A time, as the option `--grace` takes it.

use std::time::Duration;

/// A whole number, and `ms`, `s`, `m` or `h`. Without a unit it is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        _ => return Err(wrong(text)),
    };
    if number.is_empty() {
        return Err(wrong(text));
    }
    // All digits, so what fails is too large.
    let number = number.parse::<u64>().ok();
    let time = number.and_then(|number| number.checked_mul(milliseconds)).map(Duration::from_millis);
    time.filter(|time| *time <= LONGEST).ok_or_else(|| format!("the time `{text}` is too long: 100 years are 876000h"))
}

/// A hundred years. Longer times do not fit into every clock.
const LONGEST: Duration = Duration::from_secs(876_000 * 60 * 60);

fn wrong(text: &str) -> String {
    format!("`{text}` is not a time: write a whole number and a unit, such as 500ms, 5s, 2m or 1h")
}
