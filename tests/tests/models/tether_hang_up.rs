//! `Tether`, and a group whose members fork while the kernel walks through it.
//!
//! A fork puts the newborn at the head of its group's list (`attach_pid` in `kernel/pid.c`), and a walk goes from the
//! head to the tail, so that it does not come to processes born meanwhile. What matters is therefore what keeps forks
//! out.
//!
//! - `copy_process` in `kernel/fork.c` adds the newborn under the write lock of `tasklist_lock`, and there it gives up
//!   if a fatal signal is pending for the forking process. (`complete_signal` in `kernel/signal.c` makes any signal
//!   that ends its process a pending SIGKILL.) A signal that is handled does not end a fork; but if it is sent to a
//!   group while a fork is under way, it is kept for the newborn (`__send_signal_locked`, the list `multiprocess`),
//!   since Linux 4.19.
//! - `kill` of a group takes the read lock for the whole of its walk (`kill_something_info`, `__kill_pgrp_info` in
//!   `kernel/signal.c`). So a newborn is in the list before, or the forking process has the signal and gives up: no
//!   process is missed.
//! - A hang-up (`kill_fasync`, `send_sigio` in `fs/fcntl.c`) did so, too, until «fs/fcntl: fix SOFTIRQ-unsafe lock
//!   order in fasync signaling» (commit 00633c468382, 2026; in the stable kernels from 5.10 to 7.1 since June 2026).
//!   Since then it walks under RCU alone. A process not yet reached has no signal, so its fork goes through, and the
//!   newborn is at the head, where the walk has passed.
//!
//! So one hang-up is not enough on these kernels, and no number of hang-ups is in principle: the adversary needs a
//! chain of forks, one in each walk, each by a process that this walk has not reached yet. That is what the model says
//! of survivors, and that fewer forks than walks leave no process. From the second walk on the newborn stands near the
//! head, and has until the walk has come there: hence the numbers of `tests/tests/tether_storm.rs`.
//!
//! Under RCU there is more: `change_pid` moves a member to another group's list at once. A walk that stands on it goes
//! on in that group, and does not come to those that were behind it.

use crate::arming::NO_WRONG_DEATH;
use crate::group_walk::{Lock, Walking, CHAIN, KILL, NO_PROCESS_LEFT};
use crate::report::Table;

#[test]
fn kill_reaches_every_member() {
    let mut table = Table::of("Tether, a walk that keeps forks out: kill(-group)");
    table.holds("a signal that ends members", KILL);
    table.holds("a signal that members handle", Walking { is_handled: true, ..KILL });
    table.holds("a member that leaves", Walking { leaves: true, claim: NO_WRONG_DEATH, ..KILL });
    let forgetting = Walking { is_handled: true, keeps_for_newborn: false, ..KILL };
    table.fails("handled, before Linux 4.19: not kept for newborns", NO_PROCESS_LEFT, forgetting);
    table.fails("forks that do not look for a signal again", NO_PROCESS_LEFT, Walking { fork_checks: false, ..KILL });
}

#[test]
fn hang_ups_miss_only_processes_that_descend_from_a_fork_in_every_walk() {
    let mut table = Table::of("Tether, walks that do not keep forks out: hang-ups");
    let hang_ups = |walks, members, forks| {
        let lock = Lock::Rcu;
        Walking { walks, members, forks, lock, in_two_steps: false, ..KILL }
    };
    table.fails("1 hang-up, 1 fork", NO_PROCESS_LEFT, hang_ups(1, 2, 1));
    let in_two_steps = Walking { in_two_steps: true, ..hang_ups(1, 2, 1) };
    table.fails("1 hang-up, 1 fork, in two steps", NO_PROCESS_LEFT, in_two_steps);
    for walks in 2..=4 {
        table.holds(&format!("{walks} hang-ups, {} of 5 members' forks", walks - 1), hang_ups(walks, 5, walks - 1));
    }
    table.fails("2 hang-ups, 2 forks", NO_PROCESS_LEFT, hang_ups(2, 1, 2));
    table.fails("4 hang-ups, 4 forks", NO_PROCESS_LEFT, hang_ups(4, 1, 4));
    for walks in 1..=4 {
        let chain = Walking { claim: CHAIN, ..hang_ups(walks, 3, 6) };
        table.holds(&format!("{walks} hang-up(s), 6 forks: a chain of {walks}, or no process is left"), chain);
    }
}

#[test]
fn when_a_member_leaves_a_hang_up_may_reach_another_group() {
    let mut table = Table::of("Tether, a hang-up and a member that leaves");
    let leaving = |walks| Walking { walks, members: 2, forks: 0, lock: Lock::Rcu, leaves: true, ..KILL };
    table.fails("1 hang-up", NO_PROCESS_LEFT, leaving(1));
    table.holds("2 hang-ups, one member that leaves once", leaving(2));
    table.fails("1 hang-up: unrelated processes", NO_WRONG_DEATH, Walking { claim: NO_WRONG_DEATH, ..leaving(1) });
    let kept_out = Walking { claim: NO_WRONG_DEATH, lock: Lock::Tasklist, ..leaving(1) };
    table.holds("1 hang-up that keeps changes of group out: unrelated processes", kept_out);
}
