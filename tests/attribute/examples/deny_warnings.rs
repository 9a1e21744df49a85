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

use pdeathsig::die_with_parent;

#[die_with_parent(SIGTERM, on_error = "exit", expected_parent = std::os::unix::process::parent_id())]
fn main() {}
