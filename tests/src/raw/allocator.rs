//! An allocator that counts, and that can be made to hang.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::unistd::pause;
use stats_alloc::{StatsAlloc, INSTRUMENTED_SYSTEM};

/// Counts, and can be made to hang, as one does whose lock is held by a thread that never gives it back.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;
static JAMMED: AtomicBool = AtomicBool::new(false);

fn wait_while_jammed() {
    while JAMMED.load(Ordering::SeqCst) {
        pause();
    }
}

// SAFETY: all of it is the work of another allocator.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.realloc(start, layout, size) }
    }
}

pub(crate) fn jam_the_allocator() -> ! {
    JAMMED.store(true, Ordering::SeqCst);
    loop {
        pause();
    }
}
