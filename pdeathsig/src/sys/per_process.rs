//! A value of each process, which a fork does not inherit.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value that is made at its first use and never freed.
///
/// A fork makes a value of its own. The one it has copied may contain a lock that another thread held, which does not
/// exist in the fork and will never unlock it.
pub(crate) struct PerProcess<T> {
    place: AtomicPtr<Owned<T>>,
}

struct Owned<T> {
    process: u32,
    value: T,
}

impl<T: Default + Send + Sync + 'static> PerProcess<T> {
    pub(crate) const fn new() -> PerProcess<T> {
        PerProcess { place: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The value of the calling process, whose id is `process`, if it was made. Does not allocate.
    pub(crate) fn get(&self, process: u32) -> Option<&'static T> {
        value_of(self.place.load(Ordering::Acquire), process)
    }

    pub(crate) fn get_or_make(&self, process: u32) -> &'static T {
        loop {
            let there = self.place.load(Ordering::Acquire);
            if let Some(value) = value_of(there, process) {
                return value;
            }
            let made = Box::into_raw(Box::new(Owned { process, value: T::default() }));
            if self.place.compare_exchange(there, made, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // Another thread was faster.
                // SAFETY: the pointer comes from `Box::into_raw`, and no other thread has seen it.
                drop(unsafe { Box::from_raw(made) });
            }
        }
    }
}

fn value_of<T>(place: *const Owned<T>, process: u32) -> Option<&'static T>
where
    T: 'static,
{
    // SAFETY: the pointer is null, or `get_or_make` has stored it. What that stores is never freed.
    let owned: &'static Owned<T> = unsafe { place.as_ref() }?;
    (owned.process == process).then_some(&owned.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn each_process_has_its_own() {
        static NUMBER: PerProcess<Mutex<u32>> = PerProcess::new();
        assert!(NUMBER.get(7).is_none());
        *NUMBER.get_or_make(7).lock().unwrap() = 3;
        assert_eq!(*NUMBER.get_or_make(7).lock().unwrap(), 3);
        assert_eq!(*NUMBER.get(7).unwrap().lock().unwrap(), 3);
        assert_eq!(*NUMBER.get_or_make(8).lock().unwrap(), 0);
        assert!(NUMBER.get(7).is_none());
    }
}
