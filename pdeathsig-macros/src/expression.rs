//! An expression, carried as the user's own tokens. syn can parse one, but only with its feature "full", which takes
//! long to compile.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{Ident, Lit, Result, Token};

use crate::args::found;

/// The tokens up to the next comma that stands outside of any brackets, the angle ones of generics included; or to
/// where one is missing.
pub(crate) fn expression(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut tokens: Vec<TokenTree> = Vec::new();
    let mut angles = 0_usize;
    // After a name, a literal or a group there comes an operator; before, an operand.
    let mut operand_ended = false;
    let mut type_follows = false;
    while !input.is_empty() && (angles > 0 || !input.peek(Token![,]) && !input.peek(Token![;])) {
        let word = input.peek(Ident) || input.peek(Lit);
        if word && operand_ended {
            break;
        }
        let tree: TokenTree = input.parse()?;
        let before = match tokens.last() {
            Some(TokenTree::Punct(punct)) => Some((punct.as_char(), punct.spacing())),
            _ => None,
        };
        match &tree {
            TokenTree::Punct(punct) => {
                let shift = before == Some(('<', Spacing::Joint));
                let generics = !shift && (!operand_ended || type_follows && before.is_none());
                operand_ended = false;
                match punct.as_char() {
                    '<' if angles > 0 || generics => angles += 1,
                    '>' if angles > 0 && before != Some(('-', Spacing::Joint)) => {
                        angles -= 1;
                        operand_ended = angles == 0;
                    }
                    ':' | '<' | '>' => {}
                    _ => type_follows = false,
                }
            }
            TokenTree::Ident(ident) => {
                type_follows |= ident == "as";
                // A lifetime's name ends no operand, and neither does a keyword.
                operand_ended = word && !matches!(before, Some(('\'', _)));
            }
            TokenTree::Group(_) | TokenTree::Literal(_) => operand_ended = true,
        }
        tokens.push(tree);
    }
    if tokens.is_empty() {
        return Err(input.error(format!("expected a signal or an option, found {}", found(input))));
    }
    Ok(tokens.into_iter().collect())
}
