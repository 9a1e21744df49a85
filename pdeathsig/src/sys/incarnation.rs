//! Which process this is: a fork is another one, even if it has the same number in another pid namespace.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

use super::memory::Mapping;
use super::own_id;

/// A process, as far as itself and its forks can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incarnation {
    id: u32,
    /// 0 where the kernel does not wipe memory in a fork. Then only the number tells.
    mark: u32,
}

impl Incarnation {
    pub(crate) fn current() -> Incarnation {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let Some(mark) = mark() else { return Incarnation { id: own_id(), mark: 0 } };
        // A fork copies the last mark, so that it takes another one.
        let next = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1);
        let mark =
            mark.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed).map_or_else(|mark| mark, |_| next);
        Incarnation { id: own_id(), mark }
    }

    pub(crate) fn id(self) -> u32 {
        self.id
    }

    /// Whether the caller is that process, and not a fork of it. Async-signal-safe.
    pub(crate) fn is_current(self) -> bool {
        own_id() == self.id && (self.mark == 0 || mark().map_or(0, |mark| mark.load(Ordering::Relaxed)) == self.mark)
    }
}

/// It is 0 in a fork, whatever it was in the process before.
fn mark() -> Option<&'static AtomicU32> {
    static MARK: OnceLock<Option<&'static AtomicU32>> = OnceLock::new();
    *MARK.get_or_init(|| Mapping::new(std::mem::size_of::<AtomicU32>()).ok()?.wiped_in_forks())
}
