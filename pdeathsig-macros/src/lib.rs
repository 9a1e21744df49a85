//! The attribute of the crate `pdeathsig`, which re-exports and documents it. Depend on that crate, not on this one.

mod args;
mod expand;
mod main_fn;
mod suggest;

use proc_macro::TokenStream;

// Documented where `pdeathsig` re-exports it; a text here would be appended to that one.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn die_with_parent(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(arguments.into(), item.into()).into()
}
