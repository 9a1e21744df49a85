//! What makes a machine slow.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// What a thread that fills memory takes.
const FILLED: usize = 128 << 20;

/// Threads that load the machine until this is dropped.
pub(crate) struct Pressure {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// Its kinds, by their names in the report.
pub(crate) const KINDS: [(&str, bool, bool); 4] =
    [("none", false, false), ("CPU", true, false), ("memory", false, true), ("CPU and memory", true, true)];

impl Pressure {
    pub(crate) fn start(cpu: bool, memory: bool, cores: usize) -> Pressure {
        let mut pressure = Pressure { over: Arc::default(), threads: Vec::new() };
        if cpu {
            (0..2 * cores).for_each(|_| pressure.repeat(|| (0..100_000).for_each(spin)));
        }
        if memory {
            (0..cores).for_each(|_| pressure.repeat(|| drop(black_box(vec![1_u8; FILLED]))));
        }
        pressure
    }

    fn repeat(&mut self, work: fn()) {
        let over = Arc::clone(&self.over);
        self.threads.push(thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                work();
            }
        }));
    }
}

fn spin(number: u32) {
    black_box(number);
}

impl Drop for Pressure {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
