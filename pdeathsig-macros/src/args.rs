//! What stands in the attributes' parentheses.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned, ToTokens};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{token, Error, Ident, Lit, LitStr, Result, Token};

use crate::expression::expression;
use crate::main_fn::visible;
use crate::suggest::{nearest, SIGNALS};

/// What follows the name of an option.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Nothing. The option is a method of `DieWithParent`.
    Flag,
    /// `= expression`, the argument of such a method.
    Value,
    /// `= "exit"` and the like, a variant of `OnError`.
    Reaction,
    /// `= path::to::pdeathsig`
    Crate,
}

struct Known {
    name: &'static str,
    kind: Kind,
    /// How to write it.
    example: &'static str,
}

const OPTIONS: &[Known] = &[
    Known { name: "watch", kind: Kind::Flag, example: "watch" },
    Known { name: "grace", kind: Kind::Value, example: "grace = Duration::from_secs(5)" },
    Known { name: "process_group", kind: Kind::Flag, example: "process_group" },
    Known { name: "descendants", kind: Kind::Flag, example: "descendants" },
    Known { name: "expected_parent", kind: Kind::Value, example: "expected_parent = pid" },
    Known { name: "watch_pid", kind: Kind::Value, example: "watch_pid = pid" },
    Known { name: "on_error", kind: Kind::Reaction, example: "on_error = \"warn\"" },
    CRATE,
];

const CRATE: Known = Known { name: "crate", kind: Kind::Crate, example: "crate = path::to::pdeathsig" };

/// As many as `DieWithParent::watch_pid` accepts.
const MAX_WATCH_PIDS: usize = 8;

/// One option as the user wrote it.
struct Written {
    name: Ident,
    kind: Kind,
    /// Empty for a flag.
    value: TokenStream,
}

/// The arguments of `#[die_with_parent]`.
pub(crate) struct Arguments {
    signal: Option<Signal>,
    options: Vec<Written>,
}

impl Arguments {
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Arguments> {
        let mut arguments = Arguments { signal: None, options: Vec::new() };
        if !input.is_empty() && !starts_option(input) {
            arguments.signal = Some(Signal::parse(input)?);
            separator(input)?;
        }
        while !input.is_empty() {
            let option = Written::parse(input)?;
            arguments.refuse_again(&option.name)?;
            arguments.options.push(option);
            separator(input)?;
        }
        arguments.refuse_grace_with_sigkill()?;
        Ok(arguments)
    }

    /// The path of what the runtime crate holds for the expansion.
    pub(crate) fn private(&self) -> TokenStream {
        let path = self.options.iter().find(|option| option.kind == Kind::Crate).map(|option| option.value.clone());
        private(path)
    }

    /// An expression of type `Signal`.
    pub(crate) fn signal(&self, private: &TokenStream) -> TokenStream {
        match &self.signal {
            None => quote_spanned!(Span::mixed_site()=> #private::Signal::KILL),
            Some(Signal::Named(name)) => {
                let constant = Ident::new(&name.to_string()["SIG".len()..], name.span());
                quote!(#private::Signal::#constant)
            }
            Some(Signal::Expression(tokens)) => tokens.clone(),
        }
    }

    /// Calls of methods of `DieWithParent`, one after the other: `.watch().grace(expression)`.
    pub(crate) fn methods(&self) -> TokenStream {
        let methods = self.options.iter().filter(|option| matches!(option.kind, Kind::Flag | Kind::Value));
        methods
            .map(|Written { name, value, .. }| {
                let span = Span::mixed_site();
                let method = Ident::new(&name.to_string(), span.located_at(name.span()));
                quote_spanned!(span=> .#method(#value))
            })
            .collect()
    }

    /// A variant of `OnError`.
    pub(crate) fn on_error(&self) -> TokenStream {
        let written = self.options.iter().find(|option| option.kind == Kind::Reaction);
        written.map_or_else(|| quote_spanned!(Span::mixed_site()=> Exit), |option| option.value.clone())
    }

    fn refuse_again(&self, name: &Ident) -> Result<()> {
        let before = self.options.iter().filter(|option| option.name == *name).count();
        if name == "watch_pid" && before == MAX_WATCH_PIDS {
            return Err(Error::new(
                name.span(),
                format!("more than {MAX_WATCH_PIDS} processes to watch: remove this `watch_pid`"),
            ));
        }
        if name != "watch_pid" && before > 0 {
            return Err(Error::new(name.span(), format!("`{name}` is given twice: keep one of the two")));
        }
        Ok(())
    }

    fn refuse_grace_with_sigkill(&self) -> Result<()> {
        let Some(grace) = self.options.iter().find(|option| option.name == "grace") else { return Ok(()) };
        let signal = match &self.signal {
            None => "the default signal SIGKILL",
            Some(signal) if signal.is_kill() => "SIGKILL",
            Some(_) => return Ok(()),
        };
        let message = format!(
            "`grace` has no effect with {signal}: name a signal that asks the program to exit, as in \
             `SIGTERM, grace = …`"
        );
        Err(Error::new(grace.name.span(), message))
    }
}

/// The only argument of `#[launcher]`, `crate = path`: the path of what the runtime crate holds for the expansion.
pub(crate) fn parse_launcher(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut path = None;
    if input.peek(Token![crate]) {
        let name = input.call(Ident::parse_any)?;
        path = Some(crate_path(&name, input)?);
        separator(input)?;
    }
    if !input.is_empty() {
        let message = format!("unexpected {}: `#[launcher]` takes only `crate = path`", found(input));
        return Err(input.error(message));
    }
    Ok(private(path))
}

/// Every generated name is a path from the crate on, so that nothing in the user's scope can stand in its way. All of
/// them begin alike, so that a wrong crate is one error, at its name.
fn private(path: Option<TokenStream>) -> TokenStream {
    let path = path.unwrap_or_else(|| quote_spanned!(Span::mixed_site()=> ::pdeathsig));
    let last = path.clone().into_iter().last().map_or(Span::call_site(), |segment| segment.span());
    quote_spanned!(Span::mixed_site().located_at(last)=> #path::__private)
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
                format!(
                    "`{word}` is not a constant: for SIGRTMIN + 3, \
                 write `Signal::rt(3).unwrap()`"
                ),
            )),
            [TokenTree::Ident(word)] => Signal::from_word(word, tokens),
            [TokenTree::Literal(literal)] => Err(Error::new(
                literal.span(),
                format!(
                    "expected a signal, found `{literal}`: write a name such as `SIGTERM`, \
                 or an expression of type `Signal`"
                ),
            )),
            _ => Ok(Signal::Expression(tokens)),
        }
    }

    fn from_word(word: &Ident, tokens: TokenStream) -> Result<Signal> {
        let name = word.to_string();
        if SIGNALS.contains(&name.as_str()) {
            return Ok(Signal::Named(word.clone()));
        }
        let upper = name.to_uppercase();
        let without_sig = SIGNALS.iter().find(|signal| name != upper && signal["SIG".len()..] == upper);
        let options = OPTIONS.iter().map(|option| option.name);
        let (kind, near) =
            match (without_sig.copied().or_else(|| nearest(&name, SIGNALS.iter().copied())), nearest(&name, options)) {
                (Some(signal), _) => ("signal name", signal),
                (None, Some(option)) => ("option", option),
                // Probably a constant of the user's.
                (None, None) => return Ok(Signal::Expression(tokens)),
            };
        Err(Error::new(word.span(), format!("unknown {kind} `{name}`; did you mean `{near}`?")))
    }

    /// `SIGKILL`, or a path that ends in `Signal::KILL`. The value of other expressions is not known here.
    fn is_kill(&self) -> bool {
        match self {
            Signal::Named(name) => name == "SIGKILL",
            Signal::Expression(tokens) => {
                let text: String = visible(tokens.clone()).iter().map(ToString::to_string).collect();
                text == "Signal::KILL" || text.ends_with("::Signal::KILL")
            }
        }
    }
}

impl Written {
    fn parse(input: ParseStream<'_>) -> Result<Written> {
        let (name, known) = option_name(input)?;
        let value = match known.kind {
            Kind::Flag => {
                if input.peek(Token![=]) || input.peek(token::Paren) {
                    return Err(Error::new(name.span(), format!("`{name}` takes no value: write it alone")));
                }
                TokenStream::new()
            }
            Kind::Value => {
                assign(&name, known, input)?;
                expression(input)?
            }
            Kind::Reaction => {
                assign(&name, known, input)?;
                reaction(input)?
            }
            Kind::Crate => crate_path(&name, input)?,
        };
        if name == "grace" {
            refuse_number(&value)?;
        }
        Ok(Written { name, kind: known.kind, value })
    }
}

/// Whether an option is next, known or not, rather than the signal.
fn starts_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else { return false };
    ahead.peek(Token![=]) || OPTIONS.iter().any(|option| name == option.name) && !ahead.peek(Token![::])
}

fn option_name(input: ParseStream<'_>) -> Result<(Ident, &'static Known)> {
    let all = || OPTIONS.iter().map(|option| format!("`{}`", option.name)).collect::<Vec<_>>().join(", ");
    let Ok(name) = input.call(Ident::parse_any) else {
        return Err(input.error(format!("expected an option, found {}: use one of {}", found(input), all())));
    };
    if let Some(known) = OPTIONS.iter().find(|option| name == option.name) {
        return Ok((name, known));
    }
    let message = if name == "signal" {
        "`signal` is not an option: give the signal as the first argument, as in `#[die_with_parent(SIGTERM)]`"
            .to_owned()
    } else if name.to_string().starts_with("SIG") {
        format!("misplaced signal `{name}`: give exactly one signal, as the first argument")
    } else {
        match nearest(&name.to_string(), OPTIONS.iter().map(|option| option.name)) {
            Some(near) => format!("unknown option `{name}`; did you mean `{near}`?"),
            None => format!("unknown option `{name}`: use one of {}", all()),
        }
    };
    Err(Error::new(name.span(), message))
}

/// The `=`, before something.
fn assign(name: &Ident, known: &Known, input: ParseStream<'_>) -> Result<()> {
    let assigned: Option<Token![=]> = input.parse()?;
    if assigned.is_some() && !input.is_empty() && !input.peek(Token![,]) {
        return Ok(());
    }
    Err(Error::new(name.span(), format!("`{name}` needs a value, as in `{}`", known.example)))
}

/// `"exit"` and the like: a variant of the runtime crate's `OnError`.
fn reaction(input: ParseStream<'_>) -> Result<TokenStream> {
    let value: TokenTree = input.parse()?;
    let text = syn::parse2::<LitStr>(value.clone().into()).ok().filter(|text| text.suffix().is_empty());
    let variant = match text.map(|text| text.value()).as_deref() {
        Some("exit") => "Exit",
        Some("warn") => "Warn",
        Some("ignore") => "Ignore",
        _ => {
            let message = format!("`on_error` cannot be `{value}`: write `\"exit\"`, `\"warn\"` or `\"ignore\"`");
            return Err(Error::new(value.span(), message));
        }
    };
    Ok(Ident::new(variant, Span::mixed_site()).into_token_stream())
}

/// `grace = 5`, whose unit would be a guess.
fn refuse_number(grace: &TokenStream) -> Result<()> {
    let duration = match syn::parse2(grace.clone()) {
        Ok(Lit::Int(number)) if number.suffix() == "ms" => format!("from_millis({})", number.base10_digits()),
        Ok(Lit::Int(number)) => format!("from_secs({})", number.base10_digits()),
        Ok(Lit::Float(number)) => format!("from_secs_f64({})", number.base10_digits()),
        _ => return Ok(()),
    };
    let message = format!("`grace` is a `Duration`, not the number `{grace}`: write `grace = Duration::{duration}`");
    Err(Error::new_spanned(grace, message))
}

/// `= path::to::pdeathsig`, or the same as a string.
fn crate_path(name: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    assign(name, &CRATE, input)?;
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        return text.parse_with(path).map_err(|_| not_a_path(text.span(), &format!("{:?}", text.value())));
    }
    path(input)
}

fn path(input: ParseStream<'_>) -> Result<TokenStream> {
    let segment = |input: ParseStream<'_>| {
        let keyword = input.peek(Token![crate]) || input.peek(Token![self]) || input.peek(Token![super]);
        let name = if keyword { input.call(Ident::parse_any) } else { input.parse() };
        name.map_err(|error| not_a_path(error.span(), &found(input)))
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

fn not_a_path(span: Span, found: &str) -> Error {
    Error::new(span, format!("expected the path of the crate `pdeathsig`, found {found}: write `{}`", CRATE.example))
}

/// The next token, for a message.
pub(crate) fn found(input: ParseStream<'_>) -> String {
    input.fork().parse::<TokenTree>().map_or_else(|_| "nothing".to_owned(), |tree| format!("`{tree}`"))
}

fn separator(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    input.parse::<Token![,]>().map(drop)
}
