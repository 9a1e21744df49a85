//! The annotated item, taken apart without parsing the body: what is in it stays the user's, span by span.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{token, Error, Ident, LitStr, Result, Token};

const GOES_ON_MAIN: &str = "`#[die_with_parent]` goes on `fn main`";

/// `fn main` as it was written.
pub(crate) struct MainFn {
    /// Everything before the body.
    pub(crate) head: TokenStream,
    /// The body with its braces.
    pub(crate) body: Group,
}

impl MainFn {
    pub(crate) fn split(item: TokenStream) -> Result<MainFn> {
        let mut head = visible(item);
        check_signature.parse2(head.iter().cloned().collect())?;
        let last = head.pop().map(|tree| visible(tree.into()));
        match last.as_deref() {
            Some([TokenTree::Group(body)]) if body.delimiter() == Delimiter::Brace => {
                Ok(MainFn { head: head.into_iter().collect(), body: body.clone() })
            }
            Some([.., tree]) => Err(Error::new(tree.span(), "`main` needs a body")),
            _ => Err(Error::new(proc_macro2::Span::call_site(), GOES_ON_MAIN)),
        }
    }

    /// The body's `#![…]`, which must stay first, and its statements.
    pub(crate) fn split_body(&self) -> (TokenStream, TokenStream) {
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        let mut rest = tokens.as_slice();
        while let [TokenTree::Punct(pound), TokenTree::Punct(bang), TokenTree::Group(_), after @ ..] = rest {
            if (pound.as_char(), bang.as_char()) != ('#', '!') {
                break;
            }
            rest = after;
        }
        let attributes = &tokens[..tokens.len() - rest.len()];
        (attributes.iter().cloned().collect(), rest.iter().cloned().collect())
    }
}

/// The tokens of a stream, out of the invisible group that a `macro_rules!` puts around a whole item or block.
pub(crate) fn visible(tokens: TokenStream) -> Vec<TokenTree> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => visible(group.stream()),
        _ => trees,
    }
}

/// The item, but if it is a `main` with parameters one without them, and without the body that uses them: the compiler would
/// have an error of its own for either.
pub(crate) fn without_parameters(item: TokenStream) -> TokenStream {
    let mut trees = visible(item.clone());
    let is = |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(ident) if ident.unraw() == word);
    let main = trees.windows(2).position(|pair| is(&pair[0], "fn") && is(&pair[1], "main"));
    match main.and_then(|at| trees.get_mut(at + 2)) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis && !group.stream().is_empty() => {
            *group = Group::new(Delimiter::Parenthesis, TokenStream::new());
            trees.pop();
            let head: TokenStream = trees.into_iter().collect();
            quote!(#head { loop {} })
        }
        _ => item,
    }
}

/// Accepts whatever starts as `fn main()` does; what follows the parentheses is the compiler's to judge.
fn check_signature(input: ParseStream<'_>) -> Result<()> {
    while input.peek(Token![#]) {
        input.parse::<Token![#]>()?;
        refuse_another(input.parse()?)?;
    }
    let not_a_function = input.error(GOES_ON_MAIN);
    while !input.peek(Token![fn]) {
        let word = input.fork().call(Ident::parse_any);
        if !word.is_ok_and(|word| ["pub", "const", "async", "unsafe", "extern"].iter().any(|known| word == known)) {
            return Err(not_a_function);
        }
        skip(input)?;
        // As in `pub(crate)` and `extern "C"`.
        if input.peek(token::Paren) || input.peek(LitStr) {
            skip(input)?;
        }
    }
    input.parse::<Token![fn]>()?;
    let name = input.call(Ident::parse_any)?;
    if name.unraw() != "main" {
        let message =
            format!("{GOES_ON_MAIN}, not on `fn {name}`; call the function `die_with_parent` where this is not `main`");
        return Err(Error::new(name.span(), message));
    }
    if let TokenTree::Group(parameters) = input.parse()? {
        if parameters.delimiter() == Delimiter::Parenthesis && !parameters.stream().is_empty() {
            return Err(Error::new(parameters.span(), "`main` takes no parameters"));
        }
    }
    input.parse::<TokenStream>().map(drop)
}

/// Of two, the last that expands would be the first statement, and replaced by the other.
fn refuse_another(attribute: TokenTree) -> Result<()> {
    let TokenTree::Group(attribute) = attribute else { return Ok(()) };
    let path = attribute.stream().into_iter().take_while(|tree| !matches!(tree, TokenTree::Group(_)));
    match path.last() {
        Some(TokenTree::Ident(name)) if name == "die_with_parent" => {
            Err(Error::new(name.span(), "`#[die_with_parent]` is given twice: write all options in one"))
        }
        _ => Ok(()),
    }
}

fn skip(input: ParseStream<'_>) -> Result<()> {
    input.parse::<TokenTree>().map(drop)
}
