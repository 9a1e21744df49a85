//! Sandboxes that refuse a system call.

use std::mem;

use nix::libc::{self, c_long};
use serde::{Deserialize, Serialize};

use crate::machine;

/// A system call that a sandbox refuses, with `EPERM` unless [`by`](Refused::by) says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// `prctl(PR_SET_PDEATHSIG)`
    SetParentDeathSignal,
    /// `prctl(PR_GET_PDEATHSIG)`
    GetParentDeathSignal,
    /// `kill`
    Kill,
    /// `gettid`
    ThreadId,
    /// `getpid`
    ProcessId,
    /// `gettid` and `getpid`
    BothIds,
    /// `getppid`
    ParentId,
    /// `pidfd_open`
    Pidfd,
    /// `close_range` into a table of one's own
    CloseRange,
    /// `pidfd_send_signal`
    PidfdSignal,
    /// `clone` other than of a thread, `fork` and `vfork`
    Fork,
    /// `clone` of a thread, and `clone3`, whose flags no filter sees
    Thread,
    /// `poll` and its kin, from its next call on
    Poll,
    /// `setpgid`
    ProcessGroup,
    /// `socketpair`
    SocketPair,
    /// `sendmsg`
    SendMessage,
    /// `fcntl`
    Descriptor,
    /// `fcntl` that sets the target of a descriptor's signal
    DescriptorOwner,
    /// `fcntl` that says which signal it is
    DescriptorSignal,
    /// `waitid`
    WaitId,
    /// `rt_sigprocmask`
    SignalMask,
    /// `prctl(PR_SET_NAME)`
    ThreadName,
    /// `rseq`
    Rseq,
    /// `set_robust_list`
    RobustList,
    /// The call with this number
    Call(c_long),
    /// `prctl` with this option
    Prctl(i32),
}

/// What a sandbox answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// `EPERM`
    NotPermitted,
    /// `ENOSYS`, as a kernel that lacks the call
    NotThere,
    /// The end of the thread that asks
    Death,
}

/// A system call that a sandbox refuses, and what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    call: Refused,
    answer: Answer,
}

impl Refused {
    /// With this answer.
    pub const fn by(self, answer: Answer) -> Refusal {
        Refusal { call: self, answer }
    }

    fn rules(self) -> Vec<Rule> {
        let any = |number: c_long| Rule { number, argument: None };
        let option = |option: i32| with(libc::SYS_prctl, 0, u32::MAX, option as u32);
        let fcntl = |operation: u32| with(libc::SYS_fcntl, 1, u32::MAX, operation);
        let thread = libc::CLONE_THREAD as u32;
        match self {
            Refused::SetParentDeathSignal => vec![option(libc::PR_SET_PDEATHSIG)],
            Refused::GetParentDeathSignal => vec![option(libc::PR_GET_PDEATHSIG)],
            Refused::Kill => vec![any(libc::SYS_kill)],
            Refused::ThreadId => vec![any(libc::SYS_gettid)],
            Refused::ProcessId => vec![any(libc::SYS_getpid)],
            Refused::BothIds => vec![any(libc::SYS_gettid), any(libc::SYS_getpid)],
            Refused::ParentId => vec![any(libc::SYS_getppid)],
            Refused::Pidfd => vec![any(libc::SYS_pidfd_open)],
            Refused::PidfdSignal => vec![any(libc::SYS_pidfd_send_signal)],
            Refused::CloseRange => {
                let flag = libc::CLOSE_RANGE_UNSHARE;
                vec![with(libc::SYS_close_range, 2, flag, flag)]
            }
            Refused::Fork => {
                let forks = machine::FORKS.iter().copied().map(any);
                [with(libc::SYS_clone, 0, thread, 0)].into_iter().chain(forks).collect()
            }
            Refused::Thread => vec![with(libc::SYS_clone, 0, thread, thread), any(libc::SYS_clone3)],
            Refused::Poll => machine::POLLS.iter().copied().map(any).collect(),
            Refused::ProcessGroup => vec![any(libc::SYS_setpgid)],
            Refused::SocketPair => vec![any(libc::SYS_socketpair)],
            Refused::SendMessage => vec![any(libc::SYS_sendmsg)],
            Refused::Descriptor => vec![any(libc::SYS_fcntl)],
            // `F_SETOWN_EX` and `F_SETSIG`, of which nix and libc know the second alone, and not everywhere.
            Refused::DescriptorOwner => vec![fcntl(15)],
            Refused::DescriptorSignal => vec![fcntl(10)],
            Refused::WaitId => vec![any(libc::SYS_waitid)],
            Refused::SignalMask => vec![any(libc::SYS_rt_sigprocmask)],
            Refused::ThreadName => vec![option(libc::PR_SET_NAME)],
            Refused::Rseq => vec![any(libc::SYS_rseq)],
            Refused::RobustList => vec![any(libc::SYS_set_robust_list)],
            Refused::Call(number) => vec![any(number)],
            Refused::Prctl(number) => vec![option(number)],
        }
    }
}

/// A system call, if one of its arguments is so.
#[derive(Clone, Copy)]
struct Rule {
    number: c_long,
    argument: Option<Argument>,
}

/// The argument with this index, of which these bits are those.
#[derive(Clone, Copy)]
struct Argument {
    index: u32,
    bits: u32,
    are: u32,
}

fn with(number: c_long, index: u32, bits: u32, are: u32) -> Rule {
    Rule { number, argument: Some(Argument { index, bits, are }) }
}

impl Rule {
    /// The same for each number that the call has on this processor.
    fn everywhere(self) -> impl Iterator<Item = Rule> {
        machine::numbers(self.number).into_iter().map(move |(number, first)| match first {
            None => Rule { number, ..self },
            // What the arguments are is in memory, which no filter reads.
            Some(which) => with(number, 0, u32::MAX, which),
        })
    }

    /// Answers so, or goes on behind it.
    fn program(self, answer: u32) -> Vec<libc::sock_filter> {
        let number = jump_unless_equal(self.number as u32);
        let mut program = vec![load(mem::offset_of!(libc::seccomp_data, nr)), number];
        if let Some(argument) = self.argument {
            // The lower half, with the lower byte first.
            let arguments = mem::offset_of!(libc::seccomp_data, args);
            program.push(load(arguments + 8 * argument.index as usize));
            program.push(instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, argument.bits));
            program.push(jump_unless_equal(argument.are));
        }
        program.push(instruction(libc::BPF_RET | libc::BPF_K, answer));
        let end = program.len();
        for (index, jump) in program.iter_mut().enumerate().filter(|(_, at)| u32::from(at.code) == JUMP) {
            jump.jf = (end - index - 1) as u8;
        }
        program
    }
}

const JUMP: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;

fn instruction(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn load(offset: usize) -> libc::sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset as u32)
}

fn jump_unless_equal(value: u32) -> libc::sock_filter {
    instruction(JUMP, value)
}

impl From<Refused> for Refusal {
    fn from(call: Refused) -> Refusal {
        call.by(Answer::NotPermitted)
    }
}

impl Refusal {
    /// The seccomp filter that does so. A program of another kind may make any call, as a 64-bit shell that a 32-bit
    /// process starts.
    pub(crate) fn filter(self) -> Vec<libc::sock_filter> {
        let refuse = match self.answer {
            Answer::NotPermitted => libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
            Answer::NotThere => libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
            Answer::Death => libc::SECCOMP_RET_KILL_THREAD,
        };
        let end = |answer| instruction(libc::BPF_RET | libc::BPF_K, answer);
        let mut is_own = jump_unless_equal(machine::AUDITED.expect("a processor whose filters are known"));
        is_own.jt = 1;
        let mut program = vec![load(mem::offset_of!(libc::seccomp_data, arch)), is_own];
        program.push(end(libc::SECCOMP_RET_ALLOW));
        program.extend(self.call.rules().into_iter().flat_map(Rule::everywhere).flat_map(|rule| rule.program(refuse)));
        program.push(end(libc::SECCOMP_RET_ALLOW));
        program
    }
}
