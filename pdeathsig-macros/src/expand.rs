//! What the attributes generate.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::{Error, Ident, Result};

use crate::args::{self, Arguments};
use crate::main_fn::{self, Attribute, MainFn};

/// `#[die_with_parent]`: the item with the call as its first statement.
pub(crate) fn die_with_parent(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_error(item, |item| {
        let main = MainFn::split(item, "die_with_parent")?;
        let arguments = Arguments::parse.parse2(arguments)?;
        Ok(with_first_statement(&main, arm(&arguments)))
    })
}

/// `#[launcher]`: a `main` that makes the call, and then calls the item.
pub(crate) fn launcher(arguments: TokenStream, item: TokenStream) -> TokenStream {
    or_error(item, |item| {
        let main = MainFn::split(item, "launcher")?;
        let private = args::parse_launcher.parse2(arguments)?;
        around(main, private)
    })
}

/// What `expand` makes of the item, or the item beside one error: without its `main` a program would get a second error
/// that says nothing.
fn or_error(item: TokenStream, expand: impl FnOnce(TokenStream) -> Result<TokenStream>) -> TokenStream {
    expand(item.clone()).unwrap_or_else(|error| {
        let error = error.to_compile_error();
        let item = main_fn::without_parameters(item);
        quote!(#error #item)
    })
}

/// What an item may begin with.
const ITEMS: &[&str] = &["const", "enum", "fn", "impl", "mod", "static", "struct", "trait", "type", "use"];

fn with_first_statement(main: &MainFn, statement: TokenStream) -> TokenStream {
    let (inner_attributes, statements) = main.split_body();
    let mut body = Group::new(Delimiter::Brace, quote!(#inner_attributes #statement #statements));
    // Braces that are not the user's keep clippy from blaming items at the top for coming after a statement, the call;
    // but it is less thorough within such, so elsewhere they stay the user's.
    body.set_span(match statements.into_iter().next() {
        Some(TokenTree::Ident(word)) if ITEMS.iter().any(|item| word == item) => {
            Span::mixed_site().located_at(main.body.span())
        }
        _ => main.body.span(),
    });
    let head = main.head();
    quote!(#head #body)
}

fn arm(arguments: &Arguments) -> TokenStream {
    let private = arguments.private();
    let (signal, methods, on_error) = (arguments.signal(&private), arguments.methods(), arguments.on_error());
    quote_spanned! {Span::mixed_site()=>
        #private::arm(#private::DieWithParent::new(#signal) #methods, #private::OnError::#on_error);
    }
}

/// Attributes that go on the outer function: lint levels there hold for both functions, and the rest concerns callers
/// and documentation. (`cfg` and `cfg_attr` are gone before the expansion.)
const OUTER: &[&str] = &["allow", "deny", "deprecated", "doc", "expect", "forbid", "must_use", "warn"];

/// A function around the whole item. Attributes below expand later and inside: `tokio::main` starts its runtime there,
/// and `die_with_parent` puts its statement there. So `init` is before both.
fn around(main: MainFn, private: TokenStream) -> Result<TokenStream> {
    let MainFn { attributes, visibility, qualifiers, keyword, name, signature, body } = main;
    let (outer, inner): (Vec<Attribute>, Vec<Attribute>) =
        attributes.into_iter().partition(|attribute| OUTER.iter().any(|name| attribute.is(name)));
    match qualifiers.to_string().as_str() {
        "" => {}
        "async" if inner.iter().any(|attribute| !attribute.is("die_with_parent")) => {}
        "async" => {
            let message =
                "no attribute below `#[launcher]` runs this `async fn`: put `#[launcher]` above the one that \
                           does, such as `#[tokio::main]`";
            return Err(Error::new_spanned(qualifiers, message));
        }
        other => {
            let message = format!("`main` cannot be `{other}` with `#[launcher]`: remove `{other}`");
            return Err(Error::new_spanned(qualifiers, message));
        }
    }
    let parameters = Group::new(Delimiter::Parenthesis, TokenStream::new());
    let output = signature.clone().into_iter().skip(1).take_while(|tree| tree.to_string() != "where");
    let span = Span::mixed_site();
    let call = Ident::new("main", span.located_at(name.span()));
    // The item first: clippy wants items before statements.
    let mut outer_body = Group::new(
        Delimiter::Brace,
        quote_spanned! {span=>
            #(#inner)* #qualifiers #keyword #name #signature #body
            #private::Launcher::init();
            #call()
        },
    );
    outer_body.set_span(span.located_at(body.span()));
    Ok(quote!(#(#outer)* #visibility #keyword #name #parameters #(#output)* #outer_body))
}
