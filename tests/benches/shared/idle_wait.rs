//! A quiet machine.

use std::time::Duration;
use std::{fs, thread};

/// How long to wait yet, in all, for an idle machine.
pub(crate) struct IdleWait(pub(crate) Duration);

impl IdleWait {
    const LOOK: Duration = Duration::from_millis(100);

    /// Returns when hardly anything ran for a moment; all that are going to die sleep, as they do when a parent dies.
    pub(crate) fn await_quiet(&mut self) {
        if self.0.is_zero() {
            thread::sleep(Self::LOOK / 5);
        }
        while !self.0.is_zero() {
            let before = Self::ticks();
            thread::sleep(Self::LOOK);
            let after = Self::ticks();
            let (idle, all) = (after.0 - before.0, after.1 - before.1);
            if idle * 10 >= all * 9 {
                return;
            }
            self.0 = self.0.saturating_sub(Self::LOOK);
            if self.0.is_zero() {
                println!("other processes keep the machine busy: what follows is not to be relied on");
            }
        }
    }

    /// Those in which a processor was idle, and all.
    fn ticks() -> (u64, u64) {
        let stat = fs::read_to_string("/proc/stat").unwrap();
        let all = stat.lines().next().unwrap().split_whitespace().skip(1).take(8);
        let all: Vec<u64> = all.map(|ticks| ticks.parse().unwrap()).collect();
        (all[3] + all[4], all.iter().sum())
    }
}
