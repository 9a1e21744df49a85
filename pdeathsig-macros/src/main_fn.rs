//! The annotated item, taken apart without parsing the body: what is in it stays the user's, span by span.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, ToTokens};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{token, Error, Ident, LitStr, Result, Token};

/// `fn main` as it was written, in parts that follow each other.
pub(crate) struct MainFn {
    pub(crate) attributes: Vec<Attribute>,
    /// `pub(crate)`
    pub(crate) visibility: TokenStream,
    /// `async`, `unsafe`, `extern "C"`
    pub(crate) qualifiers: TokenStream,
    pub(crate) keyword: Token![fn],
    pub(crate) name: Ident,
    /// `() -> Result<(), Error>`, with a `where` perhaps
    pub(crate) signature: TokenStream,
    /// With its braces.
    pub(crate) body: Group,
}

impl MainFn {
    /// `attribute` is the one that is being expanded.
    pub(crate) fn split(item: TokenStream, attribute: &str) -> Result<MainFn> {
        let parse = |input: ParseStream<'_>| MainFn::parse(input, attribute);
        parse.parse2(visible(item).into_iter().collect())
    }

    /// What follows the parentheses is the compiler's to judge.
    fn parse(input: ParseStream<'_>, attribute: &str) -> Result<MainFn> {
        let mut attributes = Vec::new();
        while input.peek(Token![#]) {
            attributes.push(Attribute { pound: input.parse()?, brackets: input.parse()? });
        }
        if let Some(again) = attributes.iter().find(|another| another.is(attribute)) {
            let message = format!("`#[{attribute}]` is given twice: keep one, with all its options");
            return Err(Error::new(again.brackets.span(), message));
        }

        let not_a_function = input.error(format!("`#[{attribute}]` can only be on `fn main`"));
        let mut visibility = TokenStream::new();
        let mut qualifiers = TokenStream::new();
        while !input.peek(Token![fn]) {
            let word = input.fork().call(Ident::parse_any).map_err(|_| not_a_function.clone())?;
            let part = match word.to_string().as_str() {
                "pub" => &mut visibility,
                "const" | "async" | "unsafe" | "extern" => &mut qualifiers,
                _ => return Err(not_a_function),
            };
            part.extend(Some(input.parse::<TokenTree>()?));
            // As in `pub(crate)` and `extern "C"`.
            if input.peek(token::Paren) || input.peek(LitStr) {
                part.extend(Some(input.parse::<TokenTree>()?));
            }
        }
        let keyword = input.parse()?;
        let name = input.call(Ident::parse_any)?;
        if name.unraw() != "main" {
            let message = format!(
                "`#[{attribute}]` can only be on `fn main`, not on `fn {name}`: {}",
                match attribute {
                    "launcher" => "move it to `main`",
                    _ => "call `pdeathsig::die_with_parent` in it instead",
                }
            );
            return Err(Error::new(name.span(), message));
        }

        let mut signature = visible(input.parse()?);
        match signature.first() {
            Some(TokenTree::Punct(angle)) if angle.as_char() == '<' => {
                return Err(Error::new(angle.span(), "`main` takes no type parameters: remove them"));
            }
            Some(TokenTree::Group(parameters)) if has_parameters(parameters) => {
                let message = "`main` takes no parameters: read the arguments with `std::env::args`";
                return Err(Error::new(parameters.span(), message));
            }
            _ => {}
        }
        let last = signature.pop().map(|tree| visible(tree.into()));
        let body = match last.as_deref() {
            Some([TokenTree::Group(body)]) if body.delimiter() == Delimiter::Brace => body.clone(),
            Some([.., tree]) => return Err(Error::new(tree.span(), "`main` needs a body")),
            _ => return Err(Error::new(Span::call_site(), "`main` needs a body")),
        };
        let signature = signature.into_iter().collect();
        Ok(MainFn { attributes, visibility, qualifiers, keyword, name, signature, body })
    }

    /// Everything before the body.
    pub(crate) fn head(&self) -> TokenStream {
        let MainFn { attributes, visibility, qualifiers, keyword, name, signature, .. } = self;
        quote!(#(#attributes)* #visibility #qualifiers #keyword #name #signature)
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

/// `#[path::to::name(…)]`
pub(crate) struct Attribute {
    pound: Token![#],
    brackets: Group,
}

impl Attribute {
    /// Whether it has this name, wherever that comes from.
    pub(crate) fn is(&self, name: &str) -> bool {
        let path = self.brackets.stream().into_iter();
        let path = path.take_while(|tree| matches!(tree, TokenTree::Ident(_)) || tree.to_string() == ":");
        matches!(path.last(), Some(TokenTree::Ident(last)) if last == name)
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pound.to_tokens(tokens);
        self.brackets.to_tokens(tokens);
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

/// The item, but if it is a `main` with parameters one without them, and without the body that uses them: the compiler
/// would have an error of its own for either.
pub(crate) fn without_parameters(item: TokenStream) -> TokenStream {
    let mut trees = visible(item.clone());
    let is = |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(ident) if ident.unraw() == word);
    let Some(main) = trees.windows(2).position(|pair| is(&pair[0], "fn") && is(&pair[1], "main")) else { return item };
    let takes_some = match trees.get(main + 2) {
        Some(TokenTree::Group(group)) => has_parameters(group),
        Some(TokenTree::Punct(punct)) => punct.as_char() == '<',
        _ => false,
    };
    if !takes_some {
        return item;
    }
    trees.truncate(main + 2);
    let head: TokenStream = trees.into_iter().collect();
    quote!(#head() { loop {} })
}

fn has_parameters(group: &Group) -> bool {
    group.delimiter() == Delimiter::Parenthesis && !group.stream().is_empty()
}
