//! What a parent does for the processes that it starts.

pub(crate) mod command;
pub(crate) mod launcher;
#[cfg(feature = "macros")]
pub(crate) mod launcher_attribute;
pub(crate) mod process_group;
pub(crate) mod tether;
