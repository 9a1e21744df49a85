//! A library for LD_PRELOAD, with more thread-local variables than a watch needs as its stack.

use std::cell::Cell;

thread_local! {
    static LARGE: Cell<[u8; 600_000]> = const { Cell::new([0; 600_000]) };
}

#[no_mangle]
pub extern "C" fn pdeathsig_tests_touch() -> usize {
    LARGE.with(|large| large.as_ptr() as usize)
}
