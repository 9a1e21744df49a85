#![deny(missing_docs, unused_must_use)]
//! A program.

/// What it does.
#[must_use]
#[pdeathsig::die_with_parent]
/// And more of it.
#[inline(never)]
#[allow(clippy::needless_return)]
pub(crate) fn main() {
    return;
}
