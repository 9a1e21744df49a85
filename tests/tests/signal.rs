//! `Signal` is read and printed by name and by number, and takes no number that cannot be sent.

use std::collections::HashSet;
use std::io;

use nix::libc::SIGRTMIN;
use nix::sys::signal as system;
use pdeathsig::Signal;
use proptest::prelude::*;

const REAL_TIME_MIN: i32 = 34;
const MAX: i32 = 64;

fn may_be_sent(number: i32) -> bool {
    (1..=31).contains(&number) || (REAL_TIME_MIN..=MAX).contains(&number)
}

fn any_signal() -> impl Strategy<Value = Signal> {
    (1..=MAX).prop_filter_map("a number that may be sent", |number| Signal::from_raw(number).ok())
}

#[test]
fn standard_signals_have_the_systems_names_and_numbers() {
    for standard in system::Signal::iterator() {
        let signal = Signal::from_raw(standard as i32).unwrap();
        assert_eq!(signal.to_string(), standard.as_str());
        assert_eq!(standard.as_str().parse(), Ok(signal));
    }
    assert_eq!(system::Signal::iterator().count(), 31);
}

#[test]
fn other_names_of_a_signal_are_read_and_the_usual_one_is_printed() {
    for (other, usual) in [("SIGIOT", "SIGABRT"), ("CLD", "SIGCHLD"), ("poll", "SIGIO"), ("SIGUNUSED", "SIGSYS")] {
        assert_eq!(other.parse::<Signal>().unwrap().to_string(), usual);
    }
    assert_eq!((Signal::IOT, Signal::CLD), (Signal::ABRT, Signal::CHLD));
    assert_eq!((Signal::POLL, Signal::UNUSED), (Signal::IO, Signal::SYS));
}

#[test]
fn usable_in_constants() {
    const TERM: Signal = match Signal::from_raw(15) {
        Ok(signal) => signal,
        Err(_) => Signal::KILL,
    };
    const NUMBER: i32 = TERM.as_raw();
    assert_eq!((TERM, NUMBER), (Signal::TERM, 15));
}

#[test]
fn real_time_signals_are_counted_from_either_end() {
    let offsets = MAX - SIGRTMIN();
    for (text, number) in [
        ("SIGRTMIN", SIGRTMIN()),
        ("RTMIN", SIGRTMIN()),
        ("rtmin+0", SIGRTMIN()),
        ("SIGRTMIN+3", SIGRTMIN() + 3),
        (&format!("SIGRTMIN+{offsets}"), 64),
        ("SIGRTMAX", 64),
        ("RtMax-1", 63),
        (&format!("sigrtmax-{offsets}"), SIGRTMIN()),
    ] {
        assert_eq!(text.parse(), Signal::from_raw(number), "{text}");
    }
    assert_eq!(Signal::rt(0).unwrap().as_raw(), SIGRTMIN());
    assert_eq!(Signal::rt(offsets).unwrap().as_raw(), nix::libc::SIGRTMAX());
}

#[test]
fn what_is_no_signal_is_refused() {
    for text in [
        "",
        " ",
        "SIG",
        "SIGSIGTERM",
        "TERM ",
        " TERM",
        "SIGTREM",
        "0",
        "32",
        "33",
        "65",
        "-1",
        "+15",
        "15.0",
        "SIG15",
        "99999999999999999999",
        "SIGRTMIN-1",
        "SIGRTMIN+31",
        "SIGRTMIN+",
        "SIGRTMIN3",
        "SIGRTMIN++3",
        "SIGRTMAX+1",
        "SIGRTMAX-31",
        "SIGRTMAX-99999999999",
        "RT",
        "SIGRT",
        "süd",
        "ﬆ",
        "SÍGTERM",
    ] {
        assert!(text.parse::<Signal>().is_err(), "{text}");
    }
    for n in [-1, 31, i32::MIN, i32::MAX] {
        assert!(Signal::rt(n).is_err(), "{n}");
    }
}

#[test]
fn a_refusal_says_what_is_valid() {
    for number in [0, -9, 32, 33, 65] {
        let refusal = Signal::from_raw(number).unwrap_err();
        assert!(number < 0 || number.to_string().parse::<Signal>() == Err(refusal));
        let message = refusal.to_string();
        assert!(message.starts_with(&number.to_string()), "{message}");
        assert!(message.contains("1 to 31 or 34 to 64"), "{message}");
    }
    let message = Signal::rt(31).unwrap_err().to_string();
    assert!(
        message.contains("SIGRTMIN+31") && message.ends_with(&format!("from 0 to {}", 64 - SIGRTMIN())),
        "{message}"
    );
    for (text, message) in [
        ("SIGTREM", "unknown signal name `SIGTREM`; did you mean `SIGTERM`?"),
        ("INTT", "unknown signal name `INTT`; did you mean `SIGINT`?"),
        ("99999999999", "unknown signal name `99999999999`; use a name or number such as SIGTERM, TERM, 15, SIGRTMIN+3 or SIGRTMAX-1"),
        ("", "unknown signal name ``; use a name or number such as SIGTERM, TERM, 15, SIGRTMIN+3 or SIGRTMAX-1"),
    ] {
        let refusal = text.parse::<Signal>().unwrap_err();
        assert_eq!(refusal.to_string(), message);
        assert_eq!(format!("{refusal:?}"), message);
    }
    let long = "Ä".repeat(100).parse::<Signal>().unwrap_err().to_string();
    assert!(long.contains("`ÄÄÄÄÄÄÄÄÄÄÄÄ…`"), "{long}");
}

#[test]
fn a_refusal_is_an_io_error_where_one_is_asked_for() {
    let read = |text: &str| -> io::Result<Signal> { Ok(text.parse()?) };
    assert_eq!(read("TERM").unwrap(), Signal::TERM);
    let error = read("SIGTREM").unwrap_err();
    let refusal = "SIGTREM".parse::<Signal>().unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, refusal.to_string()));
    assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&refusal));
}

#[test]
fn each_signal_has_a_name_of_its_own() {
    let names: HashSet<String> = (1..=MAX).flat_map(Signal::from_raw).map(|signal| signal.to_string()).collect();
    assert_eq!(names.len(), 31 + 31);
}

#[test]
fn it_prints_within_a_width() {
    assert_eq!(format!("[{:>8}]", Signal::HUP), "[  SIGHUP]");
    assert_eq!(format!("[{:12}]", Signal::rt(0).unwrap()), "[SIGRTMIN    ]");
    assert_eq!(format!("[{:^12}]", Signal::rt(9).unwrap()), "[ SIGRTMIN+9 ]");
    assert_eq!(format!("{:?}", Signal::HUP), "Signal(SIGHUP)");
}

proptest! {
    #[test]
    fn numbers_that_may_be_sent_are_taken_and_no_others(number: i32, near in -10..100) {
        for number in [number, near] {
            let signal = Signal::from_raw(number);
            prop_assert_eq!(signal.is_ok(), may_be_sent(number));
            prop_assert_eq!(signal, Signal::try_from(number));
            if let Ok(signal) = signal {
                prop_assert_eq!((signal.as_raw(), i32::from(signal)), (number, number));
            }
        }
    }

    #[test]
    fn what_is_printed_is_read_back(signal in any_signal()) {
        let name = signal.to_string();
        // One below SIGRTMIN is called by its number.
        let prefix = if (34..SIGRTMIN()).contains(&signal.as_raw()) { "" } else { "SIG" };
        prop_assert!(name.starts_with(prefix), "{}", name);
        prop_assert_eq!(name.parse(), Ok(signal));
        prop_assert_eq!(name.to_lowercase().parse(), Ok(signal));
        prop_assert_eq!(name[prefix.len()..].parse(), Ok(signal));
        prop_assert_eq!(signal.as_raw().to_string().parse(), Ok(signal));
    }

    #[test]
    fn any_text_is_answered(text in ".*") {
        if let Ok(signal) = text.parse::<Signal>() {
            prop_assert!(may_be_sent(signal.as_raw()));
        }
    }

    #[test]
    fn text_that_is_nearly_a_signal_is_answered(text in "(?i)(SIG)?(RTMIN|RTMAX|TERM|KILL)?[+-]?[0-9]{0,12}") {
        if let Ok(signal) = text.parse::<Signal>() {
            prop_assert!(may_be_sent(signal.as_raw()));
            prop_assert_eq!(signal.to_string().parse(), Ok(signal));
        }
    }

    #[test]
    fn order_is_that_of_the_numbers(a in any_signal(), b in any_signal()) {
        prop_assert_eq!(a.cmp(&b), a.as_raw().cmp(&b.as_raw()));
        prop_assert_eq!(a == b, a.as_raw() == b.as_raw());
    }
}
