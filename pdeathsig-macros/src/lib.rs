//! The attribute of the crate `pdeathsig`, which re-exports and documents it. Depend on that crate, not on this one.

mod args;
mod expand;
mod main_fn;
mod suggest;

use proc_macro::TokenStream;

/// Ties the process to its parent before anything else in `main` runs. Documented where the crate `pdeathsig`
/// re-exports it.
#[proc_macro_attribute]
pub fn die_with_parent(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(arguments.into(), item.into()).into()
}
