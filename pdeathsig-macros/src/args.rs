//! What the user wrote in the attribute's parentheses.

use proc_macro2::{Spacing, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{token, Error, Ident, Lit, LitStr, Result, Token};

use crate::main_fn::visible;
use crate::suggest::{nearest, SIGNALS};

const OPTIONS: &[&str] = &["watch", "grace", "process_group", "descendants", "expected_parent", "on_error", "crate"];

/// Those of them that stand alone.
const FLAGS: &[&str] = &["watch", "process_group", "descendants"];

/// The arguments, each an expression in the user's own tokens.
pub(crate) struct Arguments {
    pub(crate) signal: Option<TokenStream>,
    pub(crate) expected_parent: Option<TokenStream>,
    pub(crate) grace: Option<TokenStream>,
    /// Methods of the runtime crate's `DieWithParent`.
    pub(crate) flags: Vec<Ident>,
    /// A variant of the runtime crate's `OnError`.
    pub(crate) on_error: Ident,
    /// The path of what the runtime crate holds for the expansion.
    pub(crate) private: TokenStream,
}

impl Arguments {
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Arguments> {
        let mut signal = None;
        let mut expected_parent = None;
        let mut grace = None;
        let mut flags = Vec::new();
        let mut on_error = None;
        let mut krate = None;
        let mut seen: Vec<Ident> = Vec::new();

        if !input.is_empty() && !starts_option(input) {
            signal = Some(Signal::parse(input)?);
            separator(input)?;
        }
        while !input.is_empty() {
            let name = option_name(input)?;
            if seen.contains(&name) {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            match name.to_string().as_str() {
                "expected_parent" => expected_parent = Some(value(&name, input)?),
                "grace" => grace = Some(value(&name, input)?),
                "on_error" => on_error = Some(reaction(&name, input)?),
                flag if FLAGS.contains(&flag) => {
                    stands_alone(&name, input)?;
                    flags.push(Ident::new(flag, Span::mixed_site().located_at(name.span())));
                }
                _ => krate = Some(crate_path(&name, input)?),
            }
            seen.push(name);
            separator(input)?;
        }

        // Every generated name is a path from the crate on, so that nothing in the user's scope can stand in its way; and all
        // of them begin alike, so that a wrong crate is one error, at its name.
        let krate = krate.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> ::pdeathsig));
        let last = krate.clone().into_iter().last().map_or(Span::call_site(), |segment| segment.span());
        let span = Span::mixed_site().located_at(last);
        let private = quote_spanned!(span=> #krate::__private);
        Ok(Arguments {
            signal: signal.map(|signal| signal.expression(&private)),
            expected_parent,
            grace,
            flags,
            on_error: on_error.unwrap_or_else(|| Ident::new("Exit", Span::mixed_site())),
            private,
        })
    }
}

/// The first argument.
enum Signal {
    /// `SIGTERM`
    Named(Ident),
    /// Anything of type `Signal`.
    Expression(TokenStream),
}

impl Signal {
    fn parse(input: ParseStream<'_>) -> Result<Signal> {
        let tokens = expression(input)?;
        match visible(tokens.clone()).as_slice() {
            [TokenTree::Ident(word), ..] if word == "SIGRTMIN" || word == "SIGRTMAX" => Err(Error::new(
                word.span(),
                "write a real-time signal as `Signal::rt(3).unwrap()`, which is SIGRTMIN + 3",
            )),
            [TokenTree::Ident(word)] => Signal::from_word(word, tokens),
            [TokenTree::Literal(literal)] => Err(Error::new(
                literal.span(),
                "expected a signal, as in `SIGTERM`, or an expression of type `Signal`, as in `Signal::rt(3).unwrap()`",
            )),
            _ => Ok(Signal::Expression(tokens)),
        }
    }

    fn from_word(word: &Ident, tokens: TokenStream) -> Result<Signal> {
        let name = word.to_string();
        if SIGNALS.contains(&name.as_str()) {
            return Ok(Signal::Named(word.clone()));
        }
        let full_name = format!("SIG{}", name.to_uppercase());
        let near = if name != name.to_uppercase() && SIGNALS.contains(&full_name.as_str()) {
            Some(format!("; did you mean `{full_name}`?"))
        } else {
            nearest(&name, &[OPTIONS, SIGNALS].concat())
        };
        match near {
            Some(near) => Err(Error::new(word.span(), format!("`{name}` is neither a signal nor an option{near}"))),
            // As likely a constant of the user's, `SIGNAL` perhaps.
            None => Ok(Signal::Expression(tokens)),
        }
    }

    fn expression(self, private: &TokenStream) -> TokenStream {
        match self {
            Signal::Named(name) => {
                let constant = Ident::new(&name.to_string()["SIG".len()..], name.span());
                quote!(#private::Signal::#constant)
            }
            Signal::Expression(tokens) => tokens,
        }
    }
}

/// Whether an option is next, known or not, rather than the signal.
fn starts_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else { return false };
    ahead.peek(Token![=]) || OPTIONS.iter().any(|option| name == option) && !ahead.peek(Token![::])
}

fn option_name(input: ParseStream<'_>) -> Result<Ident> {
    let Ok(name) = input.call(Ident::parse_any) else {
        return Err(input.error(format!("expected an option: {}", list(OPTIONS))));
    };
    if OPTIONS.iter().any(|option| name == option) {
        return Ok(name);
    }
    if name == "signal" || name.to_string().starts_with("SIG") {
        return Err(Error::new(
            name.span(),
            "one signal, without a name, comes first: `#[die_with_parent(SIGTERM, …)]`",
        ));
    }
    let hint = nearest(&name.to_string(), OPTIONS).unwrap_or_else(|| format!("; there are {}", list(OPTIONS)));
    Err(Error::new(name.span(), format!("no option is called `{name}`{hint}")))
}

fn list(names: &[&str]) -> String {
    let written = |name: &&str| if FLAGS.contains(name) { format!("`{name}`") } else { format!("`{name} = …`") };
    names.iter().map(written).collect::<Vec<_>>().join(", ")
}

fn stands_alone(flag: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) || input.peek(token::Paren) {
        return Err(Error::new(flag.span(), format!("`{flag}` takes no value: write it alone")));
    }
    Ok(())
}

/// `= expression`
fn value(name: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    assign(name, input)?;
    expression(input)
}

/// `= "exit"`
fn reaction(name: &Ident, input: ParseStream<'_>) -> Result<Ident> {
    const REACTIONS: &[(&str, &str)] = &[("exit", "Exit"), ("warn", "Warn"), ("ignore", "Ignore")];
    assign(name, input)?;
    let expected = "expected `\"exit\"`, `\"warn\"` or `\"ignore\"`";
    let text: LitStr = input.parse().map_err(|error| Error::new(error.span(), expected))?;
    match REACTIONS.iter().find(|(known, _)| text.suffix().is_empty() && *known == text.value()) {
        Some((_, variant)) => Ok(Ident::new(variant, Span::mixed_site())),
        None => Err(Error::new(text.span(), expected)),
    }
}

/// `= path::to::pdeathsig`, or the same as a string
fn crate_path(name: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    assign(name, input)?;
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        return text.parse_with(path).map_err(|_| Error::new(text.span(), NOT_A_PATH));
    }
    path(input)
}

const NOT_A_PATH: &str = "expected the path of the crate `pdeathsig`, as in `crate = path::to::pdeathsig`";

fn path(input: ParseStream<'_>) -> Result<TokenStream> {
    let segment = |input: ParseStream<'_>| {
        let keyword = input.peek(Token![crate]) || input.peek(Token![self]) || input.peek(Token![super]);
        let name = if keyword { input.call(Ident::parse_any) } else { input.parse() };
        name.map_err(|error| Error::new(error.span(), NOT_A_PATH))
    };
    let leading: Option<Token![::]> = input.parse()?;
    let first = segment(input)?;
    let mut path = quote!(#leading #first);
    while input.peek(Token![::]) {
        let colons: Token![::] = input.parse()?;
        let next = segment(input)?;
        path.extend(quote!(#colons #next));
    }
    Ok(path)
}

fn assign(name: &Ident, input: ParseStream<'_>) -> Result<()> {
    let assigned: Option<Token![=]> = input.parse()?;
    if assigned.is_some() && !input.is_empty() && !input.peek(Token![,]) {
        return Ok(());
    }
    let example = if name == "grace" { "Duration::from_secs(5)" } else { "…" };
    Err(Error::new(name.span(), format!("`{name}` needs a value: `{name} = {example}`")))
}

fn separator(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    input.parse::<Token![,]>().map(drop)
}

/// The tokens up to the next comma that stands outside of any brackets, the angle ones of generics included; or to where one
/// is missing.
fn expression(input: ParseStream<'_>) -> Result<TokenStream> {
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
        return Err(input.error("expected a signal or an option"));
    }
    Ok(tokens.into_iter().collect())
}
