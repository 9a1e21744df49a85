use pdeathsig::{parent_death_signal, Signal};

macro_rules! armed_with {
    ($($name:ident $constant:ident)*) => {$(
        {
            #[pdeathsig::die_with_parent($name)]
            fn main() {
                assert_eq!(parent_death_signal().unwrap(), Some(Signal::$constant));
            }
            main();
        }
    )*};
}

fn main() {
    armed_with! {
        SIGHUP HUP
        SIGINT INT
        SIGQUIT QUIT
        SIGILL ILL
        SIGTRAP TRAP
        SIGABRT ABRT
        SIGIOT IOT
        SIGBUS BUS
        SIGFPE FPE
        SIGKILL KILL
        SIGUSR1 USR1
        SIGSEGV SEGV
        SIGUSR2 USR2
        SIGPIPE PIPE
        SIGALRM ALRM
        SIGTERM TERM
        SIGSTKFLT STKFLT
        SIGCHLD CHLD
        SIGCLD CLD
        SIGCONT CONT
        SIGSTOP STOP
        SIGTSTP TSTP
        SIGTTIN TTIN
        SIGTTOU TTOU
        SIGURG URG
        SIGXCPU XCPU
        SIGXFSZ XFSZ
        SIGVTALRM VTALRM
        SIGPROF PROF
        SIGWINCH WINCH
        SIGIO IO
        SIGPOLL POLL
        SIGPWR PWR
        SIGSYS SYS
        SIGUNUSED UNUSED
    }
}
