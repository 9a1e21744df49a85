#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    future_incompatible,
    keyword_idents,
    let_underscore,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![allow(unused_crate_dependencies)]
//! A strict program.

use pdeathsig::launcher;

mod inner {
    /// Documented.
    #[must_use]
    #[pdeathsig::launcher]
    #[inline(never)]
    /// And more of it.
    #[deprecated]
    pub(crate) fn main() -> u8 {
        //! Documentation of the inner kind.
        #![allow(unused_variables)]
        let unused = 1;
        2
    }
}

#[launcher]
#[allow(deprecated)]
fn main() -> Result<(), String> {
    assert_eq!(inner::main(), 2);
    Ok(())
}
