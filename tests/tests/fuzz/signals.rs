//! Any text or number becomes a signal or an error.

use nix::libc;
use nix::sys::signal as system;
use pdeathsig::Signal;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::config;

/// Names that are accepted, and what must not be taken for a part of one.
const PARTS: [&str; 40] = [
    "SIG",
    "sig",
    "Sig",
    "TERM",
    "kill",
    "HUP",
    "RTMIN",
    "rtmax",
    "IOT",
    "CLD",
    "POLL",
    "UNUSED",
    "STKFLT",
    "IO",
    "+",
    "-",
    "0",
    "1",
    "3",
    "9",
    "15",
    "30",
    "31",
    "34",
    "64",
    "65",
    "00",
    "2147483647",
    "2147483648",
    "99999999999999999999",
    "\0",
    " ",
    "\t",
    "\n",
    "\u{a0}",
    "\u{feff}",
    "\u{ff0b}",
    "\u{2212}",
    "\u{661}",
    "\u{131}",
];

/// What a text means, told apart from how the crate reads it.
fn meant(text: &str) -> Option<i32> {
    let digits = |text: &str| -> Option<i64> {
        (!text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit()))
            .then(|| text.parse().unwrap_or(i64::MAX))
    };
    let sendable = |number: i64| (1..=31).contains(&number) || (34..=64).contains(&number);
    if let Some(number) = digits(text) {
        return Some(number).filter(|number| sendable(*number)).map(|number| number as i32);
    }
    if !text.is_ascii() {
        return None;
    }
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let (min, max) = (i64::from(libc::SIGRTMIN()), i64::from(libc::SIGRTMAX()));
    let counted = |end: &str, sign: &str| {
        let rest = name.strip_prefix(end)?;
        if rest.is_empty() {
            return Some(0);
        }
        digits(rest.strip_prefix(sign)?).filter(|steps| *steps <= max - min)
    };
    let real_time = counted("RTMIN", "+").map(|up| min + up).or(counted("RTMAX", "-").map(|down| max - down));
    let alias = [("IOT", "ABRT"), ("CLD", "CHLD"), ("POLL", "IO"), ("UNUSED", "SYS")];
    let usual = alias.iter().find(|(other, _)| *other == name).map_or(name, |(_, usual)| usual);
    let standard = system::Signal::iterator().find(|signal| signal.as_str()["SIG".len()..] == *usual);
    real_time.map(|number| number as i32).or(standard.map(|signal| signal as i32))
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let read = text.parse::<Signal>();
    prop_assert_eq!(read.map(Signal::as_raw).ok(), meant(text), "{:?}", text);
    match read {
        Ok(signal) => {
            let printed = signal.to_string();
            prop_assert_eq!(printed.parse(), Ok(signal));
            prop_assert_eq!(meant(&printed), Some(signal.as_raw()));
            // Neither blanks nor zeros are a part of it, and a sign is where it means something.
            prop_assert!(text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-".contains(letter)));
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

/// Of any size, and often near where something begins or ends.
fn number() -> impl Strategy<Value = i32> {
    let from = |start: i32, sign: i32| (0..100).prop_map(move |steps| start + sign * steps);
    prop_oneof![any::<i32>(), -100..200, from(i32::MAX, -1), from(i32::MIN, 1)]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn text_of_parts(parts in vec(select(&PARTS[..]), 0..5)) {
        check(&parts.concat())?;
    }

    #[test]
    fn a_name_with_something_in_it(number in 1..=64, at in any::<prop::sample::Index>(), letter in any::<char>()) {
        if let Ok(signal) = Signal::from_raw(number) {
            for name in [signal.to_string(), number.to_string()] {
                let mut letters: Vec<char> = name.chars().collect();
                letters.insert(at.index(letters.len() + 1), letter);
                check(&letters.iter().collect::<String>())?;
            }
        }
    }

    #[test]
    fn any_number(number in number()) {
        let signal = Signal::from_raw(number);
        prop_assert_eq!(signal.map(Signal::as_raw).ok(), meant(&number.to_string()));
        prop_assert_eq!(signal, Signal::try_from(number));
        if let Err(error) = signal {
            prop_assert!(error.to_string().starts_with(&number.to_string()));
        }
    }

    #[test]
    fn any_distance_from_the_first_real_time_signal(n in number()) {
        let signal = Signal::rt(n);
        let expected = (0..=libc::SIGRTMAX() - libc::SIGRTMIN()).contains(&n).then(|| libc::SIGRTMIN() + n);
        prop_assert_eq!(signal.map(Signal::as_raw).ok(), expected);
        if let Err(error) = signal {
            let named = error.to_string().contains(&format!("SIGRTMIN{n:+}"));
            prop_assert!(named, "{}", error);
        }
    }
}
