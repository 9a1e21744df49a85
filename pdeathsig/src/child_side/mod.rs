//! What a child does for itself.

pub(crate) mod arm;
#[cfg(feature = "macros")]
pub(crate) mod attribute;
pub(crate) mod parent;
#[cfg_attr(
    not(all(any(target_os = "linux", target_os = "android"), not(pdeathsig_backend = "unsupported"))),
    path = "watch/unsupported.rs"
)]
pub(crate) mod watch;
