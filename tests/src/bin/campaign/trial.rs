//! What is drawn for a trial. All of it follows from one number.

use std::time::Duration;

use fastrand::Rng;
use pdeathsig::Signal;
use serde::{Deserialize, Serialize};

/// A way to tie a child to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Way {
    Call,
    ExpectedParent,
    Watch,
    ProcessGroup,
    Descendants,
    Command,
    Tether,
    /// The owner of launchers dies.
    Launcher,
    /// Its whole process group.
    LauncherGroup,
    /// Of each launcher the process that the owner knows.
    LauncherOuter,
    /// Of each launcher the parent of the program.
    LauncherInner,
    /// `prctl` and nothing else, in the child.
    Bare,
    /// The same in `pre_exec`.
    BareBeforeExec,
}

impl Way {
    pub(crate) const ALL: [Way; 13] = [
        Way::Call,
        Way::ExpectedParent,
        Way::Watch,
        Way::ProcessGroup,
        Way::Descendants,
        Way::Command,
        Way::Tether,
        Way::Launcher,
        Way::LauncherGroup,
        Way::LauncherOuter,
        Way::LauncherInner,
        Way::Bare,
        Way::BareBeforeExec,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Way::Call => "call",
            Way::ExpectedParent => "expected-parent",
            Way::Watch => "watch",
            Way::ProcessGroup => "process-group",
            Way::Descendants => "descendants",
            Way::Command => "command",
            Way::Tether => "tether",
            Way::Launcher => "launcher",
            Way::LauncherGroup => "launcher-group",
            Way::LauncherOuter => "launcher-outer",
            Way::LauncherInner => "launcher-inner",
            Way::Bare => "bare",
            Way::BareBeforeExec => "bare-before-exec",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.name() == name)
    }

    pub(crate) fn is_ours(self) -> bool {
        !matches!(self, Way::Bare | Way::BareBeforeExec)
    }

    /// Whether it is documented that a child lives whose parent died before it recorded it.
    pub(crate) fn may_come_too_late(self) -> bool {
        matches!(self, Way::Call | Way::Watch | Way::ProcessGroup | Way::Descendants)
    }

    /// Whether the children's own children are to die.
    pub(crate) fn takes_descendants_along(self) -> bool {
        self.is_launcher() || matches!(self, Way::ProcessGroup | Way::Descendants | Way::Tether)
    }

    /// Whether a thread that has spawned may end.
    pub(crate) fn depends_on_no_thread(self) -> bool {
        self.is_launcher() || matches!(self, Way::Watch | Way::ProcessGroup | Way::Descendants | Way::Tether)
    }

    pub(crate) fn is_launcher(self) -> bool {
        self.owner_lives() || matches!(self, Way::Launcher | Way::LauncherGroup)
    }

    /// Whether processes of launchers die instead of their owner.
    pub(crate) fn owner_lives(self) -> bool {
        matches!(self, Way::LauncherOuter | Way::LauncherInner)
    }
}

/// What a parent dies of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    Killed,
    Aborted,
    Segfault,
    Exit,
}

/// One parent's life and death.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    pub(crate) way: Way,
    pub(crate) signal: Signal,
    pub(crate) cause: Cause,
    /// From its start to its death.
    pub(crate) after: Duration,
    pub(crate) threads: usize,
    /// Which each thread spawns.
    pub(crate) children: usize,
    pub(crate) grandchildren: usize,
    pub(crate) resident_mib: usize,
}

impl Trial {
    pub(crate) fn drawn_from(seed: u64, ways: &[Way]) -> Trial {
        let mut random = Rng::with_seed(seed);
        let way = ways[random.usize(..ways.len())];
        // From 50 microseconds to 20 milliseconds, as often in each power of two. A launcher starts three processes for
        // one.
        let after = Duration::from_secs_f64(50e-6 * 400_f64.powf(random.f64()));
        let after = if way.is_launcher() { 3 * after } else { after };
        Trial {
            way,
            after,
            signal: if random.bool() { Signal::KILL } else { Signal::TERM },
            cause: match random.u8(..8) {
                0 => Cause::Aborted,
                1 => Cause::Segfault,
                2 => Cause::Exit,
                _ => Cause::Killed,
            },
            threads: random.usize(1..=8),
            children: random.usize(1..=2),
            grandchildren: if way.takes_descendants_along() { random.usize(..=2) } else { 0 },
            resident_mib: [0, 0, 0, 4, 32][random.usize(..5)],
        }
    }
}
