//! The attributes of the crate `pdeathsig`, which re-exports and documents them. Depend on that crate, not on this one.

mod args;
mod expand;
mod expression;
mod main_fn;
mod suggest;

use proc_macro::TokenStream;

// Documented where `pdeathsig` re-exports it; a text here would be appended to that one.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn die_with_parent(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::die_with_parent(arguments.into(), item.into()).into()
}

// Likewise.
#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn launcher(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::launcher(arguments.into(), item.into()).into()
}
