//! Which signals that *outer* gets are passed on, and to what.

use std::iter;
use std::sync::atomic::AtomicU32;

use crate::platform::sys::{self, Early, Origin, Received, SignalFd, Status};
use crate::Signal;

/// Where a signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Nothing,
    Program,
    /// The process group that the program leads.
    Group,
    Tree,
}

/// What has to be known of a signal besides what came with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// The program is still in the process group of *outer*.
    pub(super) same_group: bool,
    /// The program leads a process group of its own.
    pub(super) leads_group: bool,
    /// The sender is *outer*, *inner* or a member of the tree.
    pub(super) sent_from_within: bool,
}

/// What the terminal sends to the whole foreground group.
const FROM_TERMINAL: [Signal; 4] = [Signal::INT, Signal::QUIT, Signal::TSTP, Signal::WINCH];
/// What it sends to a background group that uses it. *outer* uses it for its own messages alone.
const OF_BACKGROUND: [Signal; 2] = [Signal::TTIN, Signal::TTOU];

fn is_from_terminal(received: &Received) -> bool {
    received.origin == Origin::Kernel && FROM_TERMINAL.iter().any(|signal| signal.as_raw() == received.number)
}

/// Takes all that has arrived at this process, and writes on the board what of it the terminal sent. The rest is
/// returned.
///
/// A key that was pressed before the program was forked has reached the launcher's processes alone. The program gives
/// itself what is on the board, unless it has it pending. For that order matters:
///
/// 1. *inner* and the program are forked with all signals blocked.
/// 2. *outer* and *inner* call this, each after the fork of its child. So what was sent before that is on the board.
/// 3. The program looks at the board, then at what it has pending. So what was sent since its birth, and is on the
///    board, it finds there.
pub(super) fn take_early(signals: &SignalFd, board: &AtomicU32) -> Vec<Received> {
    let (of_terminal, rest): (Vec<_>, Vec<_>) = iter::from_fn(|| signals.next()).partition(is_from_terminal);
    Early::of(of_terminal.iter().map(|received| received.number)).tell(board);
    rest
}

pub(super) fn destination(received: Received, situation: Situation) -> To {
    let is = |signal: &Signal| signal.as_raw() == received.number;
    let from_terminal = is_from_terminal(&received);
    let of_background = received.origin == Origin::Kernel && OF_BACKGROUND.iter().any(is);
    if received.origin == Origin::Child || situation.sent_from_within || of_background {
        To::Nothing
    } else if from_terminal && situation.same_group {
        // The program has it already.
        To::Nothing
    } else if is(&Signal::TERM) {
        To::Tree
    } else if situation.leads_group && (from_terminal || is(&Signal::CONT)) {
        To::Group
    } else {
        To::Program
    }
}

/// Whether a process is a descendant of *inner*. One that is gone is taken for none: a sender from without is often
/// gone by then.
pub(super) fn is_member(process: u32, inner: u32) -> bool {
    /// No tree is so deep.
    const DEEPEST: usize = 100_000;
    if process == 0 || !sys::shows_this_pid_namespace() {
        return false;
    }
    let parent = |process: &u32| Status::of(*process).map(|status| status.parent).filter(|parent| *parent != 0);
    std::iter::successors(Some(process), parent).take(DEEPEST).skip(1).any(|ancestor| ancestor == inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_GROUP: Situation = Situation { same_group: true, leads_group: false, sent_from_within: false };
    const LEADER: Situation = Situation { same_group: false, leads_group: true, sent_from_within: false };
    const ELSEWHERE: Situation = Situation { same_group: false, leads_group: false, sent_from_within: false };

    fn to(signal: Signal, origin: Origin, situation: Situation) -> To {
        destination(Received { number: signal.as_raw(), sender: 0, origin }, situation)
    }

    #[test]
    fn what_the_terminal_sends_to_the_group_reaches_the_program_once() {
        for signal in FROM_TERMINAL {
            assert_eq!(to(signal, Origin::Kernel, IN_GROUP), To::Nothing);
            assert_eq!(to(signal, Origin::Kernel, LEADER), To::Group);
            assert_eq!(to(signal, Origin::Kernel, ELSEWHERE), To::Program);
            assert_eq!(to(signal, Origin::Process, IN_GROUP), To::Program);
            assert_eq!(to(signal, Origin::Process, LEADER), To::Program);
        }
    }

    #[test]
    fn stops_of_a_background_group_are_not_passed_on() {
        for signal in OF_BACKGROUND {
            assert_eq!(to(signal, Origin::Kernel, LEADER), To::Nothing);
            assert_eq!(to(signal, Origin::Process, LEADER), To::Program);
        }
    }

    #[test]
    fn a_hang_up_is_always_passed_on() {
        assert_eq!(to(Signal::HUP, Origin::Kernel, IN_GROUP), To::Program);
        assert_eq!(to(Signal::HUP, Origin::Process, LEADER), To::Program);
    }

    #[test]
    fn a_continue_goes_to_the_group_that_the_program_leads() {
        assert_eq!(to(Signal::CONT, Origin::Process, IN_GROUP), To::Program);
        assert_eq!(to(Signal::CONT, Origin::Process, LEADER), To::Group);
    }

    #[test]
    fn sigterm_goes_to_the_tree() {
        assert_eq!(to(Signal::TERM, Origin::Process, LEADER), To::Tree);
    }

    #[test]
    fn what_the_tree_sends_does_not_come_back() {
        let within = Situation { sent_from_within: true, ..LEADER };
        for signal in [Signal::TERM, Signal::USR1, Signal::CONT, Signal::INT] {
            assert_eq!(to(signal, Origin::Process, within), To::Nothing);
        }
        assert_eq!(to(Signal::CHLD, Origin::Child, LEADER), To::Nothing);
    }
}
