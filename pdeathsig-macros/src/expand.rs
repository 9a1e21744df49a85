//! What the attribute generates.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::Result;

use crate::args::Arguments;
use crate::main_fn::MainFn;

/// The item with the call as its first statement, or untouched beside one error: without its `main` a program would get
/// a second error that says nothing.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    annotate(arguments, item.clone()).unwrap_or_else(|error| {
        let error = error.to_compile_error();
        quote!(#error #item)
    })
}

fn annotate(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let main = MainFn::split(item)?;
    let call = call(Arguments::parse.parse2(arguments)?);
    let (inner_attributes, statements) = main.split_body();
    let mut body = Group::new(Delimiter::Brace, quote!(#inner_attributes #call #statements));
    // In the user's place but not the user's, or clippy would blame the items of `main` for coming after a statement.
    body.set_span(Span::mixed_site().located_at(main.body.span()));
    let head = main.head;
    Ok(quote!(#head #body))
}

fn call(arguments: Arguments) -> TokenStream {
    let Arguments { signal, expected_parent, on_error, krate } = arguments;
    let span = Span::mixed_site();
    // Every generated name is a path from the crate on, so that nothing in the user's scope can stand in its way.
    let signal = signal.unwrap_or_else(|| quote_spanned!(span=> #krate::Signal::KILL));
    let expected_parent = expected_parent.map(|pid| quote_spanned!(span=> .expected_parent(#pid)));
    quote_spanned! {span=>
        #krate::__private::arm(
            #krate::DieWithParent::new(#signal) #expected_parent,
            #krate::__private::OnError::#on_error,
        );
    }
}
