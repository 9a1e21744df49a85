//! Sandboxes that refuse a system call.

use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp};
use seccompiler::{SeccompCondition, SeccompFilter, SeccompRule};
use serde::{Deserialize, Serialize};

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
    /// `clone` other than of a thread
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
    Call(i64),
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

    fn rules(self) -> Vec<(i64, Vec<SeccompRule>)> {
        let call = |number: i64| (number, Vec::new());
        let option = |option: i32| with(libc::SYS_prctl, 0, SeccompCmpOp::Eq, option as u64);
        let fcntl = |operation: u64| with(libc::SYS_fcntl, 1, SeccompCmpOp::Eq, operation);
        let thread = libc::CLONE_THREAD as u64;
        match self {
            Refused::SetParentDeathSignal => vec![option(libc::PR_SET_PDEATHSIG)],
            Refused::GetParentDeathSignal => vec![option(libc::PR_GET_PDEATHSIG)],
            Refused::Kill => vec![call(libc::SYS_kill)],
            Refused::ThreadId => vec![call(libc::SYS_gettid)],
            Refused::ProcessId => vec![call(libc::SYS_getpid)],
            Refused::BothIds => vec![call(libc::SYS_gettid), call(libc::SYS_getpid)],
            Refused::ParentId => vec![call(libc::SYS_getppid)],
            Refused::Pidfd => vec![call(libc::SYS_pidfd_open)],
            Refused::PidfdSignal => vec![call(libc::SYS_pidfd_send_signal)],
            Refused::CloseRange => {
                let flag = libc::CLOSE_RANGE_UNSHARE as u64;
                vec![with(libc::SYS_close_range, 2, SeccompCmpOp::MaskedEq(flag), flag)]
            }
            Refused::Fork => {
                vec![with(libc::SYS_clone, 0, SeccompCmpOp::MaskedEq(thread), 0), call(libc::SYS_vfork)]
            }
            Refused::Thread => {
                vec![with(libc::SYS_clone, 0, SeccompCmpOp::MaskedEq(thread), thread), call(libc::SYS_clone3)]
            }
            Refused::Poll => vec![call(libc::SYS_ppoll), call(libc::SYS_poll), call(libc::SYS_restart_syscall)],
            Refused::ProcessGroup => vec![call(libc::SYS_setpgid)],
            Refused::SocketPair => vec![call(libc::SYS_socketpair)],
            Refused::SendMessage => vec![call(libc::SYS_sendmsg)],
            Refused::Descriptor => vec![call(libc::SYS_fcntl)],
            // `F_SETOWN_EX` and `F_SETSIG`, of which nix and libc know the second alone, and not everywhere.
            Refused::DescriptorOwner => vec![fcntl(15)],
            Refused::DescriptorSignal => vec![fcntl(10)],
            Refused::WaitId => vec![call(libc::SYS_waitid)],
            Refused::SignalMask => vec![call(libc::SYS_rt_sigprocmask)],
            Refused::ThreadName => vec![option(libc::PR_SET_NAME)],
            Refused::Rseq => vec![call(libc::SYS_rseq)],
            Refused::RobustList => vec![call(libc::SYS_set_robust_list)],
            Refused::Call(number) => vec![call(number)],
            Refused::Prctl(number) => vec![option(number)],
        }
    }
}

/// A system call with an argument that compares so.
fn with(call: i64, argument: u8, compares: SeccompCmpOp, value: u64) -> (i64, Vec<SeccompRule>) {
    let is = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compares, value).unwrap();
    (call, vec![SeccompRule::new(vec![is]).unwrap()])
}

impl From<Refused> for Refusal {
    fn from(call: Refused) -> Refusal {
        call.by(Answer::NotPermitted)
    }
}

impl Refusal {
    /// The seccomp filter that does so.
    pub(crate) fn filter(self) -> BpfProgram {
        let refuse = match self.answer {
            Answer::NotPermitted => SeccompAction::Errno(libc::EPERM as u32),
            Answer::NotThere => SeccompAction::Errno(libc::ENOSYS as u32),
            Answer::Death => SeccompAction::KillThread,
        };
        let rules = self.call.rules().into_iter().collect();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, ARCH.try_into().unwrap());
        filter.unwrap().try_into().unwrap()
    }
}
