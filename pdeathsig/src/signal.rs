//! A signal as a small value with a name.

use std::error;
use std::fmt;
use std::io;
use std::str::FromStr;

use crate::platform::{number, Platform};
use crate::target::Target;

/// A signal that can be sent to a process: a checked number with a name.
///
/// Every standard signal that [signal(7)] gives for x86 and Arm is a constant, named without its `SIG`. Real-time signals come from
/// [`Signal::rt`], numbers from other crates from [`Signal::from_raw`] or `try_from`, text from [`str::parse`]. All of
/// them refuse what cannot be sent or should not be: 0, which only probes; numbers past `SIGRTMAX`; and 32 and 33, which
/// the C library keeps for its threads.
///
/// The numbers are those of the target's Linux (`USR1` is 10 on x86 and Arm, 16 on MIPS). On targets that the crate does
/// not support they are x86's: there a `Signal` is good for naming one, not for handing its number to that system.
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
    HUP = SIGHUP, "`SIGHUP`: the terminal hung up, or its controlling process ended (ends the process).";
    INT = SIGINT, "`SIGINT`: interrupt from the keyboard (ends the process).";
    QUIT = SIGQUIT, "`SIGQUIT`: quit from the keyboard (ends the process with a core dump).";
    ILL = SIGILL, "`SIGILL`: illegal instruction (ends the process with a core dump).";
    TRAP = SIGTRAP, "`SIGTRAP`: a breakpoint was reached (ends the process with a core dump).";
    ABRT = SIGABRT, "`SIGABRT`: [abort(3)](https://man7.org/linux/man-pages/man3/abort.3.html) (ends the process with a core dump).";
    IOT = SIGABRT, "`SIGIOT`: another name of [`Signal::ABRT`].";
    BUS = SIGBUS, "`SIGBUS`: bad memory access (ends the process with a core dump).";
    FPE = SIGFPE, "`SIGFPE`: erroneous arithmetic (ends the process with a core dump).";
    KILL = SIGKILL, "`SIGKILL`: the end; it cannot be caught, blocked or ignored (ends the process).";
    USR1 = SIGUSR1, "`SIGUSR1`: free for the program's use (ends the process).";
    SEGV = SIGSEGV, "`SIGSEGV`: invalid memory reference (ends the process with a core dump).";
    USR2 = SIGUSR2, "`SIGUSR2`: free for the program's use (ends the process).";
    PIPE = SIGPIPE, "`SIGPIPE`: a write to a pipe without readers (ends the process; Rust programs ignore it).";
    ALRM = SIGALRM, "`SIGALRM`: the timer of [alarm(2)](https://man7.org/linux/man-pages/man2/alarm.2.html) ran out (ends the process).";
    TERM = SIGTERM, "`SIGTERM`: a polite request to end (ends the process).";
    STKFLT = SIGSTKFLT if not(any(
        target_arch = "mips", target_arch = "mips32r6", target_arch = "mips64", target_arch = "mips64r6",
        target_arch = "sparc", target_arch = "sparc64",
    )), "`SIGSTKFLT`: stack fault of a coprocessor, which Linux never sends; absent on MIPS and SPARC (ends the process).";
    CHLD = SIGCHLD, "`SIGCHLD`: a child stopped, continued or ended (ignored).";
    CLD = SIGCHLD, "`SIGCLD`: another name of [`Signal::CHLD`].";
    CONT = SIGCONT, "`SIGCONT`: go on after a stop (continues the process).";
    STOP = SIGSTOP, "`SIGSTOP`: stop; it cannot be caught, blocked or ignored (stops the process).";
    TSTP = SIGTSTP, "`SIGTSTP`: stop from the keyboard (stops the process).";
    TTIN = SIGTTIN, "`SIGTTIN`: a background process read from its terminal (stops the process).";
    TTOU = SIGTTOU, "`SIGTTOU`: a background process wrote to its terminal (stops the process).";
    URG = SIGURG, "`SIGURG`: urgent data on a socket (ignored).";
    XCPU = SIGXCPU, "`SIGXCPU`: the limit of processor time was passed (ends the process with a core dump).";
    XFSZ = SIGXFSZ, "`SIGXFSZ`: the limit of a file's size was passed (ends the process with a core dump).";
    VTALRM = SIGVTALRM, "`SIGVTALRM`: the virtual timer ran out (ends the process).";
    PROF = SIGPROF, "`SIGPROF`: the profiling timer ran out (ends the process).";
    WINCH = SIGWINCH, "`SIGWINCH`: the terminal's window changed its size (ignored).";
    IO = SIGIO, "`SIGIO`: input or output is possible now (ends the process).";
    POLL = SIGIO, "`SIGPOLL`: another name of [`Signal::IO`].";
    PWR = SIGPWR, "`SIGPWR`: power failure (ends the process).";
    SYS = SIGSYS, "`SIGSYS`: bad system call, as from a seccomp filter (ends the process with a core dump).";
    UNUSED = SIGSYS, "`SIGUNUSED`: an old name of [`Signal::SYS`].";
}

impl Signal {
    /// The signal with this number, if there is one that may be sent.
    ///
    /// # Errors
    ///
    /// [`InvalidSignal`] for 0, negative numbers, 32 and 33 (the C library's own), and numbers past `SIGRTMAX`.
    ///
    /// # Limits
    ///
    /// Some C libraries keep more real-time signals than 32 and 33 for themselves (musl 34, Android's up to 40). These
    /// are accepted here, since the answer must be known while compiling; [`Signal::rt`] never yields one.
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
    ///     "33 is no signal that can be used: the numbers are 1 to 31 and 34 to 64 (32 and 33 belong to the C library)",
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
    /// `SIGRTMIN` is asked of the C library, which keeps the first few for itself: 34 with glibc, so that `n` goes from
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

/// `SIGTERM`, `SIGRTMIN+3`; a real-time signal below `SIGRTMIN` as its bare number. What is printed parses back to the
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

/// Takes a name with or without `SIG`, in either case; a number; `SIGRTMIN`, `SIGRTMIN+n`, `SIGRTMAX`, `SIGRTMAX-n`.
impl FromStr for Signal {
    type Err = InvalidSignal;

    fn from_str(text: &str) -> Result<Signal, InvalidSignal> {
        let unknown = InvalidSignal(Invalid::Name);
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

/// The error of [`Signal::from_raw`], [`Signal::rt`] and of parsing: no signal that can be used. Its message says which
/// are.
///
/// # Examples
///
/// ```
/// use pdeathsig::Signal;
///
/// let error = "SIGTREM".parse::<Signal>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no signal has this name: write it as in SIGTERM, TERM, 15, SIGRTMIN+3 or SIGRTMAX-1",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignal(Invalid);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Number(i32),
    RealTime { n: i32, most: i32 },
    Name,
}

impl fmt::Display for InvalidSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Invalid::Number(number) => write!(
                f,
                "{number} is no signal that can be used: the numbers are 1 to 31 and 34 to {} \
                 (32 and 33 belong to the C library)",
                number::MAX,
            ),
            Invalid::RealTime { n, most } => {
                write!(f, "there is no real-time signal SIGRTMIN{n:+}: the last is SIGRTMIN+{most}")
            }
            Invalid::Name => {
                f.write_str("no signal has this name: write it as in SIGTERM, TERM, 15, SIGRTMIN+3 or SIGRTMAX-1")
            }
        }
    }
}

impl error::Error for InvalidSignal {}

/// Of the kind [`InvalidInput`](io::ErrorKind::InvalidInput), with the [`InvalidSignal`] as the inner error: for `?` in a function that also
/// spawns.
impl From<InvalidSignal> for io::Error {
    fn from(error: InvalidSignal) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}
