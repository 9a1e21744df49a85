//! What a child does for itself.

pub(crate) mod arm;
#[cfg(feature = "macros")]
pub(crate) mod attribute;
pub(crate) mod parent;
