//! What the attribute generates.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::Result;

use crate::args::Arguments;
use crate::main_fn::{self, MainFn};

/// The item with the call as its first statement, or beside one error: without its `main` a program would get a second one
/// that says nothing.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(arguments, item.clone()).unwrap_or_else(|error| {
        let error = in_any_edition(error.to_compile_error());
        let item = main_fn::without_parameters(item);
        quote!(#error #item)
    })
}

/// syn writes `::core::compile_error!`; in a program of edition 2015 there is no `::core`, but there is `::std`.
fn in_any_edition(error: TokenStream) -> TokenStream {
    let std = |tree: TokenTree| match tree {
        TokenTree::Ident(ident) if ident == "core" => Ident::new("std", ident.span()).into(),
        tree => tree,
    };
    error.into_iter().map(std).collect()
}

/// What an item may begin with.
const ITEMS: &[&str] = &["const", "enum", "fn", "impl", "mod", "static", "struct", "trait", "type", "use"];

fn annotate(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let main = MainFn::split(item)?;
    let call = call(Arguments::parse.parse2(arguments)?);
    let (inner_attributes, statements) = main.split_body();
    let mut body = Group::new(Delimiter::Brace, quote!(#inner_attributes #call #statements));
    // Braces that are not the user's keep clippy from blaming items at the top for coming after a statement, the call; but
    // it is less thorough within such, so elsewhere they stay the user's.
    body.set_span(match statements.into_iter().next() {
        Some(TokenTree::Ident(word)) if ITEMS.iter().any(|item| word == item) => {
            Span::mixed_site().located_at(main.body.span())
        }
        _ => main.body.span(),
    });
    let head = main.head;
    Ok(quote!(#head #body))
}

fn call(arguments: Arguments) -> TokenStream {
    let Arguments { signal, expected_parent, grace, flags, on_error, private } = arguments;
    let span = Span::mixed_site();
    let signal = signal.unwrap_or_else(|| quote_spanned!(span=> #private::Signal::KILL));
    let expected_parent = expected_parent.map(|pid| quote_spanned!(span=> .expected_parent(#pid)));
    let grace = grace.map(|grace| quote_spanned!(span=> .grace(#grace)));
    quote_spanned! {span=>
        #private::arm(
            #private::DieWithParent::new(#signal) #expected_parent #grace #(.#flags())*,
            #private::OnError::#on_error,
        );
    }
}
