//! A signal as a small value with a name.

use std::error;
use std::fmt;
use std::io;
use std::str::FromStr;

use crate::platform::{number, Platform};
use crate::target::Target;

/// A signal that can be sent to a process: a checked number with a name.
///
/// The standard signals that [signal(7)] lists for x86 and Arm are constants, named without `SIG`. [`Signal::rt`] makes
/// real-time signals, [`Signal::from_raw`] and `try_from` take a number, [`str::parse`] takes text. They refuse 0,
/// numbers past `SIGRTMAX`, and 32 and 33, which the C library reserves for its threads.
///
/// The numbers are those of the target: `USR1` is 10 on x86 and Arm Linux, and 16 on MIPS. A target that is not
/// supported may lack a signal. Its constant is then good for its name alone.
///
/// # Examples
///
/// ```
/// use pdeathsig::Signal;
///
/// const POLITE: Signal = Signal::TERM;
/// assert_eq!(POLITE.to_string(), "SIGTERM");
/// assert_eq!("SIGTERM".parse(), Ok(POLITE));
/// assert_eq!("term".parse(), Ok(POLITE));
/// assert_eq!("15".parse(), Ok(POLITE));
/// assert_eq!(Signal::try_from(15), Ok(POLITE));
/// assert!(Signal::from_raw(0).is_err());
/// ```
///
/// [signal(7)]: https://man7.org/linux/man-pages/man7/signal.7.html
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

macro_rules! standard_signals {
    ($($name:ident = $number:ident $(if $cfg:meta)?, $doc:literal;)*) => {
        /// The standard signals. What each does to a process that does not handle it is in parentheses.
        impl Signal {
            $($(#[cfg($cfg)])? #[doc = $doc] pub const $name: Signal = Signal(number::$number);)*
        }

        /// Names without `SIG`; of several with one number the first is the one that is printed.
        const NAMES: &[(&str, Signal)] = &[$($(#[cfg($cfg)])? (stringify!($name), Signal::$name)),*];
    };
}

standard_signals! {
    HUP = SIGHUP, "`SIGHUP`: the terminal hung up, or its controlling process exited (terminates the process).";
    INT = SIGINT, "`SIGINT`: interrupt from the keyboard (terminates the process).";
    QUIT = SIGQUIT, "`SIGQUIT`: quit from the keyboard (terminates the process with a core dump).";
    ILL = SIGILL, "`SIGILL`: illegal instruction (terminates the process with a core dump).";
    TRAP = SIGTRAP, "`SIGTRAP`: a breakpoint was reached (terminates the process with a core dump).";
    ABRT = SIGABRT, "`SIGABRT`: [abort(3)](https://man7.org/linux/man-pages/man3/abort.3.html) (terminates the process with a core dump).";
    IOT = SIGABRT, "`SIGIOT`: another name of [`Signal::ABRT`].";
    BUS = SIGBUS, "`SIGBUS`: bad memory access (terminates the process with a core dump).";
    FPE = SIGFPE, "`SIGFPE`: erroneous arithmetic (terminates the process with a core dump).";
    KILL = SIGKILL, "`SIGKILL`: kill; it cannot be caught, blocked or ignored (terminates the process).";
    USR1 = SIGUSR1, "`SIGUSR1`: for the program's own use (terminates the process).";
    SEGV = SIGSEGV, "`SIGSEGV`: invalid memory reference (terminates the process with a core dump).";
    USR2 = SIGUSR2, "`SIGUSR2`: for the program's own use (terminates the process).";
    PIPE = SIGPIPE, "`SIGPIPE`: a write to a pipe without readers (terminates the process; Rust programs ignore it).";
    ALRM = SIGALRM, "`SIGALRM`: the timer of [alarm(2)](https://man7.org/linux/man-pages/man2/alarm.2.html) ran out (terminates the process).";
    TERM = SIGTERM, "`SIGTERM`: a request to terminate (terminates the process).";
    STKFLT = SIGSTKFLT if not(any(
        target_arch = "mips", target_arch = "mips32r6", target_arch = "mips64", target_arch = "mips64r6",
        target_arch = "sparc", target_arch = "sparc64",
    )), "`SIGSTKFLT`: stack fault of a coprocessor, which Linux never sends; absent on MIPS and SPARC (terminates the process).";
    CHLD = SIGCHLD, "`SIGCHLD`: a child stopped, continued or exited (ignored).";
    CLD = SIGCHLD, "`SIGCLD`: another name of [`Signal::CHLD`].";
    CONT = SIGCONT, "`SIGCONT`: continue after a stop (continues the process).";
    STOP = SIGSTOP, "`SIGSTOP`: stop; it cannot be caught, blocked or ignored (stops the process).";
    TSTP = SIGTSTP, "`SIGTSTP`: stop from the keyboard (stops the process).";
    TTIN = SIGTTIN, "`SIGTTIN`: a background process read from its terminal (stops the process).";
    TTOU = SIGTTOU, "`SIGTTOU`: a background process wrote to its terminal (stops the process).";
    URG = SIGURG, "`SIGURG`: urgent data on a socket (ignored).";
    XCPU = SIGXCPU, "`SIGXCPU`: the limit of processor time was passed (terminates the process with a core dump).";
    XFSZ = SIGXFSZ, "`SIGXFSZ`: the limit of a file's size was passed (terminates the process with a core dump).";
    VTALRM = SIGVTALRM, "`SIGVTALRM`: the virtual timer ran out (terminates the process).";
    PROF = SIGPROF, "`SIGPROF`: the profiling timer ran out (terminates the process).";
    WINCH = SIGWINCH, "`SIGWINCH`: the size of the terminal window changed (ignored).";
    IO = SIGIO, "`SIGIO`: input or output is possible now (terminates the process).";
    POLL = SIGIO, "`SIGPOLL`: another name of [`Signal::IO`].";
    PWR = SIGPWR, "`SIGPWR`: power failure (terminates the process).";
    SYS = SIGSYS, "`SIGSYS`: bad system call, as from a seccomp filter (terminates the process with a core dump).";
    UNUSED = SIGSYS, "`SIGUNUSED`: an old name of [`Signal::SYS`].";
}

impl Signal {
    /// The signal with this number.
    ///
    /// # Errors
    ///
    /// [`InvalidSignal`] for 0, negative numbers, 32 and 33 (which the C library reserves), and numbers past
    /// `SIGRTMAX`.
    ///
    /// # Limits
    ///
    /// Some C libraries reserve more than 32 and 33 (musl 34, Android's up to 40). This function accepts those, because
    /// it runs at compile time. [`Signal::rt`] never returns one.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Signal;
    ///
    /// const TERM: Signal = match Signal::from_raw(15) {
    ///     Ok(signal) => signal,
    ///     Err(_) => panic!("not a signal"),
    /// };
    /// assert_eq!(TERM, Signal::TERM);
    /// assert_eq!(
    ///     Signal::from_raw(33).unwrap_err().to_string(),
    ///     "33 is not a valid signal: the C library reserves 32 and 33; use 1 to 31 or 34 to 64",
    /// );
    /// ```
    pub const fn from_raw(number: i32) -> Result<Signal, InvalidSignal> {
        match number {
            1..=31 | 34..=number::MAX => Ok(Signal(number)),
            _ => Err(InvalidSignal(Invalid::Number(number))),
        }
    }

    /// The number of the signal, as system calls and other crates take it.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(pdeathsig::Signal::KILL.as_raw(), 9);
    /// ```
    #[must_use]
    pub const fn as_raw(self) -> i32 {
        self.0
    }

    /// The real-time signal `SIGRTMIN + n`.
    ///
    /// `SIGRTMIN` comes from the C library, which reserves the first few signals. It is 34 with glibc, so `n` goes from
    /// 0 to 30 there.
    ///
    /// # Errors
    ///
    /// [`InvalidSignal`] if `n` is negative or the sum is past `SIGRTMAX`.
    ///
    /// # Examples
    ///
    /// ```
    /// use pdeathsig::Signal;
    ///
    /// let signal = Signal::rt(3)?;
    /// assert_eq!(signal.to_string(), "SIGRTMIN+3");
    /// assert_eq!("SIGRTMIN+3".parse(), Ok(signal));
    /// assert!(Signal::rt(1000).is_err());
    /// # Ok::<(), pdeathsig::InvalidSignal>(())
    /// ```
    ///
    /// # See also
    ///
    /// [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)
    pub fn rt(n: i32) -> Result<Signal, InvalidSignal> {
        let (min, max) = Platform::realtime_signals();
        if (0..=max - min).contains(&n) {
            Ok(Signal(min + n))
        } else {
            Err(InvalidSignal(Invalid::RealTime { n, most: max - min }))
        }
    }
}

/// Prints `SIGTERM` or `SIGRTMIN+3`, and a real-time signal below `SIGRTMIN` as a number. The text parses back to the
/// same signal.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMES.iter().find(|(_, signal)| signal == self) {
            return f.pad(&format!("SIG{name}"));
        }
        match self.0 - Platform::realtime_signals().0 {
            0 => f.pad("SIGRTMIN"),
            n if n > 0 => f.pad(&format!("SIGRTMIN+{n}")),
            _ => f.pad(&self.0.to_string()),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signal({self})")
    }
}

/// Parses a name with or without `SIG`, in upper or lower case, a number, `SIGRTMIN`, `SIGRTMIN+n`, `SIGRTMAX` or
/// `SIGRTMAX-n`.
impl FromStr for Signal {
    type Err = InvalidSignal;

    fn from_str(text: &str) -> Result<Signal, InvalidSignal> {
        let unknown = InvalidSignal(Invalid::Name(Name::new(text)));
        if let Some(number) = number(text) {
            return Signal::from_raw(number);
        }
        let name = strip_prefix(text, "SIG").unwrap_or(text);
        if let Some(rest) = strip_prefix(name, "RTMIN") {
            return Signal::rt(offset(rest, '+').ok_or(unknown)?);
        }
        if let Some(rest) = strip_prefix(name, "RTMAX") {
            let (min, max) = Platform::realtime_signals();
            return Signal::rt(max - min - offset(rest, '-').ok_or(unknown)?).or(Err(unknown));
        }
        let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, signal)| *signal).ok_or(unknown)
    }
}

/// The number that `text` writes in digits alone, without a sign.
fn number(text: &str) -> Option<i32> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all_digits)
}

/// The distance in "", "+3" or "-3".
fn offset(text: &str, sign: char) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    number(text.strip_prefix(sign)?)
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    let rest = text.get(prefix.len()..)?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl TryFrom<i32> for Signal {
    type Error = InvalidSignal;

    fn try_from(number: i32) -> Result<Signal, InvalidSignal> {
        Signal::from_raw(number)
    }
}

impl From<Signal> for i32 {
    fn from(signal: Signal) -> i32 {
        signal.as_raw()
    }
}

/// The error of [`Signal::from_raw`], [`Signal::rt`] and of parsing: the number or name is not a signal that can be
/// used.
///
/// The message repeats the input and says what is valid. `Debug` prints the same text as `Display`.
///
/// # Examples
///
/// ```
/// use pdeathsig::Signal;
///
/// let error = "SIGTREM".parse::<Signal>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown signal name `SIGTREM`; did you mean `SIGTERM`?");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InvalidSignal(Invalid);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Invalid {
    Number(i32),
    RealTime { n: i32, most: i32 },
    Name(Name),
}

/// The beginning of a name that is not known. No signal's name is longer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    bytes: [u8; 24],
    length: usize,
    is_cut: bool,
}

impl Name {
    fn new(text: &str) -> Name {
        let mut name = Name { bytes: [0; 24], length: 0, is_cut: false };
        for character in text.chars() {
            let end = name.length + character.len_utf8();
            match name.bytes.get_mut(name.length..end) {
                Some(room) => character.encode_utf8(room),
                None => return Name { is_cut: true, ..name },
            };
            name.length = end;
        }
        name
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// A known name that differs in one letter, or in the order of two.
    fn nearest(&self) -> Option<&'static str> {
        let text = self.as_str().to_ascii_uppercase();
        let text = text.strip_prefix("SIG").unwrap_or(&text);
        NAMES.iter().map(|(known, _)| *known).find(|known| is_near(text.as_bytes(), known.as_bytes()))
    }
}

/// Whether one letter was replaced, left out or added, or two neighbours were swapped.
fn is_near(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rest = |bytes: &[u8], skip: usize| bytes.get(same + skip..).unwrap_or_default().to_vec();
    let swapped =
        || matches!((a.get(same..same + 2), b.get(same..same + 2)), (Some([p, q]), Some([r, s])) if (p, q) == (s, r));
    rest(a, 1) == rest(b, 1)
        || rest(a, 0) == rest(b, 1)
        || rest(a, 1) == rest(b, 0)
        || swapped() && rest(a, 2) == rest(b, 2)
}

impl fmt::Display for InvalidSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Invalid::Number(number @ (32 | 33)) => write!(
                f,
                "{number} is not a valid signal: the C library reserves 32 and 33; use 1 to 31 or 34 to {}",
                number::MAX
            ),
            Invalid::Number(number) => {
                write!(f, "{number} is not a valid signal: use 1 to 31 or 34 to {}", number::MAX)
            }
            Invalid::RealTime { n, most } => {
                write!(f, "SIGRTMIN{n:+} is not a valid signal: the offset goes from 0 to {most}")
            }
            Invalid::Name(name) => {
                let cut = if name.is_cut { "…" } else { "" };
                write!(f, "unknown signal name `{}{cut}`; ", name.as_str())?;
                match name.nearest() {
                    Some(near) if !name.is_cut => write!(f, "did you mean `SIG{near}`?"),
                    _ => f.write_str("use a name or number such as SIGTERM, TERM, 15, SIGRTMIN+3 or SIGRTMAX-1"),
                }
            }
        }
    }
}

/// The same text as `Display`.
impl fmt::Debug for InvalidSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for InvalidSignal {}

/// An error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput), with the [`InvalidSignal`] as the inner error,
/// so that `?` works in functions that spawn.
impl From<InvalidSignal> for io::Error {
    fn from(error: InvalidSignal) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}
