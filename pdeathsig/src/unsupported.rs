//! Targets without a parent-death signal: everything compiles and answers [`Error::Unsupported`].

use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;
use std::time::Instant;

use crate::{Error, Signal};

/// The numbers of x86 and Arm Linux.
pub(crate) mod number {
    // Where Linux has none, there is no constant for it.
    #[allow(dead_code)]
    pub(crate) const SIGSTKFLT: i32 = 16;
    pub(crate) const SIGHUP: i32 = 1;
    pub(crate) const SIGINT: i32 = 2;
    pub(crate) const SIGQUIT: i32 = 3;
    pub(crate) const SIGILL: i32 = 4;
    pub(crate) const SIGTRAP: i32 = 5;
    pub(crate) const SIGABRT: i32 = 6;
    pub(crate) const SIGBUS: i32 = 7;
    pub(crate) const SIGFPE: i32 = 8;
    pub(crate) const SIGKILL: i32 = 9;
    pub(crate) const SIGUSR1: i32 = 10;
    pub(crate) const SIGSEGV: i32 = 11;
    pub(crate) const SIGUSR2: i32 = 12;
    pub(crate) const SIGPIPE: i32 = 13;
    pub(crate) const SIGALRM: i32 = 14;
    pub(crate) const SIGTERM: i32 = 15;
    pub(crate) const SIGCHLD: i32 = 17;
    pub(crate) const SIGCONT: i32 = 18;
    pub(crate) const SIGSTOP: i32 = 19;
    pub(crate) const SIGTSTP: i32 = 20;
    pub(crate) const SIGTTIN: i32 = 21;
    pub(crate) const SIGTTOU: i32 = 22;
    pub(crate) const SIGURG: i32 = 23;
    pub(crate) const SIGXCPU: i32 = 24;
    pub(crate) const SIGXFSZ: i32 = 25;
    pub(crate) const SIGVTALRM: i32 = 26;
    pub(crate) const SIGPROF: i32 = 27;
    pub(crate) const SIGWINCH: i32 = 28;
    pub(crate) const SIGIO: i32 = 29;
    pub(crate) const SIGPWR: i32 = 30;
    pub(crate) const SIGSYS: i32 = 31;
    pub(crate) const MAX: i32 = 64;
}

pub(crate) fn realtime_signals() -> (i32, i32) {
    (34, number::MAX)
}

pub(crate) const PIDFD_OPEN: &str = "pidfd_open(2)";

/// No value of it exists, so what follows it is never reached.
pub(crate) enum MainThread {}

impl MainThread {
    pub(crate) fn current() -> Result<MainThread, Error> {
        Err(Error::Unsupported)
    }

    pub(crate) fn set_parent_death_signal(&self, _: Option<Signal>) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn send(&self, _: Signal) -> Result<(), Error> {
        match *self {}
    }
}

/// No value of it exists either.
#[derive(Debug)]
pub(crate) enum Pidfd {}

impl Pidfd {
    pub(crate) fn open(_: u32) -> io::Result<Pidfd> {
        Err(Error::Unsupported.into())
    }

    pub(crate) fn is_gone_by(&self, _: Option<Instant>) -> io::Result<bool> {
        match *self {}
    }
}

#[cfg(unix)]
impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match *self {}
    }
}

#[cfg(unix)]
impl From<Pidfd> for OwnedFd {
    fn from(pidfd: Pidfd) -> OwnedFd {
        match pidfd {}
    }
}

pub(crate) fn parent_id() -> Result<u32, Error> {
    Err(Error::Unsupported)
}

pub(crate) fn parent_death_signal() -> Result<Option<Signal>, Error> {
    Err(Error::Unsupported)
}

pub(crate) fn shows_this_pid_namespace() -> bool {
    false
}

pub(crate) fn remedy(_: &str, _: &io::Error) -> &'static str {
    "the target is not supported"
}

/// Its spawn fails: no system takes an argument with a zero in it.
pub(crate) fn arm_before_exec(command: &mut Command, _: Signal) {
    command.arg("\0");
}

pub(crate) fn join_group(_: &mut Command, _: u32) {}

pub(crate) fn exit(status: i32) -> ! {
    std::process::exit(status)
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
    fn what_a_parent_does_answers_unsupported_and_nothing_starts_without_protection() {
        let error = crate::Tether::new(Signal::KILL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        // It is a program of every system that these tests run on.
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(child.kill_process_group().unwrap_err().kind(), ErrorKind::Unsupported);
        child.kill().unwrap();
        child.wait().unwrap();
        let error = Command::new("true").die_with_parent(Signal::KILL).spawn().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn signals_have_their_names_all_the_same() {
        assert_eq!("term".parse(), Ok(Signal::TERM));
        assert_eq!(Signal::rt(3).unwrap().to_string(), "SIGRTMIN+3");
        assert_eq!(Signal::rt(0).unwrap().as_raw(), 34);
        let names =
            "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN \
                     TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
        for (number, name) in (1..).zip(names.split(' ')) {
            assert_eq!(Signal::from_raw(number).unwrap().to_string(), format!("SIG{name}"));
        }
    }
}
