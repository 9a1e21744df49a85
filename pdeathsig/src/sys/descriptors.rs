//! The descriptors that a launcher inherits, and does not keep
//! ([close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html)).

use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, c_uint};

use super::{cvt, proc};

/// Closes all descriptors of this process but these. Nothing else of this process may own any.
pub(crate) fn close_all_but(kept: &[BorrowedFd<'_>]) {
    let mut kept: Vec<c_uint> = kept.iter().map(|fd| fd.as_raw_fd() as c_uint).collect();
    kept.sort_unstable();
    let mut first = 0;
    for last in kept.iter().copied().chain([c_uint::MAX]) {
        // Between two that are kept. The last range is open.
        if first < last && !close_range(first, if last == c_uint::MAX { last } else { last - 1 }) {
            return close_one_by_one(&kept);
        }
        first = last.saturating_add(1);
    }
}

fn close_range(first: c_uint, last: c_uint) -> bool {
    // SAFETY: close_range takes numbers by value. The caller answers for the owners.
    cvt(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0 as c_uint) }).is_ok()
}

/// Where close_range is missing (before Linux 5.9) or refused.
fn close_one_by_one(kept: &[c_uint]) {
    let mut open = Vec::new();
    if proc::every_descriptor(|fd| open.push(fd)).is_err() {
        open.extend(0..4096);
    }
    for fd in open.into_iter().filter(|fd| !kept.contains(fd)) {
        // SAFETY: as above.
        unsafe { libc::close(fd as c_int) };
    }
}
