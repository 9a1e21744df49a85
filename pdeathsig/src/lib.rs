//! No process outlives its parent.
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arm;
#[cfg(feature = "macros")]
mod attribute;
mod error;
mod signal;
mod sys;

pub use arm::{die_with_parent, outlive_parent, parent_death_signal, DieWithParent};
pub use error::Error;
pub use signal::{InvalidSignal, Signal};

#[cfg(feature = "macros")]
pub use attribute::die_with_parent;

/// For the expansion of the attribute alone; it may change in any release.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use crate::attribute::{arm, OnError};
}
