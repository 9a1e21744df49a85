//! What targets other than Linux and Android answer: [`Error::Unsupported`].

#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{self, Child, Command};
use std::time::Instant;

use crate::parent_side::launcher::Options;
use crate::target::{Groups, Process, Target};
use crate::{DieWithParent, Error, ShutdownOutcome, Signal};

pub(crate) enum Platform {}

/// A value that does not exist.
#[derive(Debug)]
pub(crate) enum Never {}

impl Target for Platform {
    type Process = Never;
    type Groups = Never;

    fn realtime_signals() -> (i32, i32) {
        (34, number::MAX)
    }

    fn remedy(_: &str, _: &io::Error) -> &'static str {
        "the target is not supported"
    }

    fn parent_id() -> Result<u32, Error> {
        Err(Error::Unsupported)
    }

    fn arm(_: DieWithParent) -> Result<(), Error> {
        Err(Error::Unsupported)
    }

    fn outlive_parent() -> Result<(), Error> {
        Err(Error::Unsupported)
    }

    fn parent_death_signal() -> Result<Option<Signal>, Error> {
        Err(Error::Unsupported)
    }

    fn spawner_thread(_: u32) -> io::Result<Option<u32>> {
        Err(Error::Unsupported.into())
    }

    /// The spawn fails, so that no program runs without protection.
    #[cfg(unix)]
    fn arm_before_exec(command: &mut Command, _: Signal) {
        use std::os::unix::process::CommandExt;
        // SAFETY: the closure makes an error of a number, and does nothing else.
        unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::ENOSYS))) };
    }

    /// The spawn fails: no argument may have a zero byte.
    #[cfg(not(unix))]
    fn arm_before_exec(command: &mut Command, _: Signal) {
        command.arg("pdeathsig: this target is not supported\0");
    }

    fn join_group(_: &mut Command, _: u32) {}

    fn signal_group_of_child(_: u32, _: Signal) -> io::Result<()> {
        Err(Error::Unsupported.into())
    }

    fn init_launcher() {}

    fn launcher_command(_: &Options, _: Option<&OsStr>, _: &OsStr) -> io::Result<Command> {
        Err(Error::Unsupported.into())
    }

    fn run_launcher(_: Options, _: Command) -> ! {
        eprintln!("pdeathsig: {}", Error::Unsupported);
        process::exit(125)
    }

    fn terminate(_: &mut Child) -> io::Result<()> {
        Err(Error::Unsupported.into())
    }
}

impl Process for Never {
    fn pin(_: u32) -> Result<Never, Error> {
        Err(Error::Unsupported)
    }

    fn has_exited_by(&self, _: Option<Instant>) -> io::Result<bool> {
        match *self {}
    }
}

impl Groups for Never {
    fn new(_: Signal) -> Result<Never, Error> {
        Err(Error::Unsupported)
    }

    fn check_owner(&self) -> io::Result<()> {
        match *self {}
    }

    fn next(&self) -> io::Result<u32> {
        match *self {}
    }

    fn attach(&self, _: u32) -> io::Result<()> {
        match *self {}
    }

    fn contains(&self, _: u32) -> bool {
        match *self {}
    }

    fn signal(&self, _: Signal) -> io::Result<()> {
        match *self {}
    }

    fn have_exited_by(&self, _: Option<Instant>) -> io::Result<bool> {
        match *self {}
    }

    fn shutdown(&self, _: Signal, _: Option<Instant>) -> io::Result<ShutdownOutcome> {
        match *self {}
    }

    fn release(&self) -> io::Result<()> {
        match *self {}
    }
}

#[cfg(unix)]
impl AsFd for Never {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}

#[cfg(unix)]
impl From<Never> for OwnedFd {
    fn from(never: Never) -> OwnedFd {
        match never {}
    }
}

/// The numbers of the target, as far as `libc` has them.
pub(crate) mod number {
    // The inner scope counts before the outer one: a number of `libc`, if there is one, else that of `missing`.
    macro_rules! numbers {
        ($($name:ident)*) => {$(
            #[allow(dead_code, unused_imports)]
            pub(crate) const $name: i32 = {
                use super::missing::*;
                {
                    use libc::*;
                    $name
                }
            };
        )*};
    }

    numbers! {
        SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD
        SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS
    }

    pub(crate) const MAX: i32 = 64;
}

/// Names for signals that a target does not have. No signal has these numbers.
#[allow(dead_code)]
mod missing {
    macro_rules! missing {
        ($($name:ident = $number:literal)*) => { $(pub(super) const $name: i32 = 1000 + $number;)* };
    }

    missing! {
        SIGHUP = 1 SIGINT = 2 SIGQUIT = 3 SIGILL = 4 SIGTRAP = 5 SIGABRT = 6 SIGBUS = 7 SIGFPE = 8 SIGKILL = 9 SIGUSR1 = 10 SIGSEGV = 11
        SIGUSR2 = 12 SIGPIPE = 13 SIGALRM = 14 SIGTERM = 15 SIGSTKFLT = 16 SIGCHLD = 17 SIGCONT = 18 SIGSTOP = 19 SIGTSTP = 20
        SIGTTIN = 21 SIGTTOU = 22 SIGURG = 23 SIGXCPU = 24 SIGXFSZ = 25 SIGVTALRM = 26 SIGPROF = 27 SIGWINCH = 28 SIGIO = 29 SIGPWR = 30
        SIGSYS = 31
    }
}

#[cfg(test)]
mod tests {
    use crate::{ChildExt, CommandExt, DieWithParent, Error, Signal};
    use std::io::ErrorKind;
    use std::process::Command;

    #[test]
    fn everything_answers_unsupported() {
        assert!(matches!(crate::die_with_parent(Signal::KILL), Err(Error::Unsupported)));
        assert!(matches!(DieWithParent::new(Signal::TERM).expected_parent(1).arm(), Err(Error::Unsupported)));
        assert!(matches!(DieWithParent::new(Signal::TERM).watch().descendants().arm(), Err(Error::Unsupported)));
        assert!(matches!(crate::Parent::current(), Err(Error::Unsupported)));
        assert!(matches!(crate::outlive_parent(), Err(Error::Unsupported)));
        assert!(matches!(crate::parent_death_signal(), Err(Error::Unsupported)));
    }

    #[test]
    fn a_parent_gets_errors_and_no_program_starts_without_protection() {
        let error = crate::Tether::new(Signal::KILL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(crate::Tether::global().unwrap_err().kind(), ErrorKind::Unsupported);
        // It is a program of every system that these tests run on.
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(child.kill_process_group().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(child.terminate().unwrap_err().kind(), ErrorKind::Unsupported);
        child.kill().unwrap();
        child.wait().unwrap();
        crate::Launcher::init();
        let error = crate::Launcher::new().command("true").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = Command::new("true").die_with_parent(Signal::KILL).spawn().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!("term".parse(), Ok(Signal::TERM));
        assert_eq!(Signal::rt(3).unwrap().to_string(), "SIGRTMIN+3");
        assert_eq!(Signal::rt(0).unwrap().as_raw(), 34);
        assert_eq!(Signal::TERM.as_raw(), libc::SIGTERM);
        assert_eq!(super::missing::SIGTERM, 1015);
        let names =
            "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN \
                     TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
        for name in names.split(' ') {
            let signal: Signal = name.parse().unwrap();
            assert_eq!(signal.to_string(), format!("SIG{name}"));
        }
    }
}
