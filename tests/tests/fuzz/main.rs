//! Any tokens given to the attributes become an item, or one error. Any text given for a signal becomes that signal, or
//! an error.
//!
//! `PROPTEST_CASES` is the number of cases of each test. A failure prints `PROPTEST_RNG_SEED`, with which it comes
//! again.

#[path = "../../../pdeathsig-macros/src/args.rs"]
mod args;
#[path = "../../../pdeathsig-macros/src/expand.rs"]
mod expand;
#[path = "../../../pdeathsig-macros/src/expression.rs"]
mod expression;
#[path = "../../../pdeathsig-macros/src/main_fn.rs"]
mod main_fn;
#[path = "../../../pdeathsig-macros/src/suggest.rs"]
mod suggest;

mod signals;
mod tokens;

use std::env;

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use main_fn::MainFn;
use tokens::{any_tokens, mutated, stream, Tree};

/// As many as take a few seconds in a debug build.
const CASES: u32 = 2_000;

fn config() -> Config {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => fastrand::u64(..),
    };
    // What a test prints is shown when it fails.
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases);
    config.rng_seed = RngSeed::Fixed(seed);
    config
}

const ARGUMENTS: [&str; 14] = [
    "",
    "crate = a::b::c",
    "SIGINT, watch_pid = 1, watch_pid = pid()",
    "SIGTERM",
    "SIGTERM, watch, grace = Duration::from_secs(5), process_group, descendants",
    "watch, process_group,",
    "Signal::rt(3).unwrap(), expected_parent = expr",
    "if a < b { X } else { Y }, on_error = \"exit\"",
    "on_error = \"warn\", crate = ::a::b",
    "crate = \"path::to::pdeathsig\"",
    "crate = crate::inner, SIGNAL",
    "Vec::<(u8, u8)>::new() as Map<u8, u16>, watch",
    "|a, b| -> u8 { a << b }, grace = x.y::<A, B>(1, 2)?",
    "match x { 'a' => 1, _ => { 2 } }, descendants, expected_parent = f(|x: &'static str| x)",
];

const ITEMS: [&str; 12] = [
    "#[tokio::main] #[doc = \"x\"] pub async fn main() -> Result<(), Box<dyn Error>> { let a = 1; a }",
    "fn main() {}",
    "pub(crate) async fn main() -> Result<(), Box<dyn Error>> { #![allow(x)] let a = 1; a }",
    "#[tokio::main] #[doc = \"x\"] pub unsafe extern \"C\" fn main() where u8: Copy { use x; fn y() {} }",
    "fn r#main() -> ! { loop {} }",
    "const fn main() { struct X; }",
    "fn main(a: u8, b: u8) { a + b }",
    "fn not_main() {}",
    "struct Main { a: u8 }",
    "fn main();",
    "fn main {}",
    "impl X { fn main() {} }",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_arguments_of_any_item(arguments in any_tokens(), item in any_tokens()) {
        answers(&arguments, &item)?;
    }

    #[test]
    fn any_arguments_of_an_item(arguments in any_tokens(), item in prop::sample::select(&ITEMS[..])) {
        answers(&arguments, &tokens::read(item))?;
    }

    #[test]
    fn arguments_of_any_item(arguments in prop::sample::select(&ARGUMENTS[..]), item in any_tokens()) {
        answers(&tokens::read(arguments), &item)?;
    }

    #[test]
    fn arguments_and_items_that_are_nearly_right(arguments in mutated(&ARGUMENTS), item in mutated(&ITEMS)) {
        answers(&arguments, &item)?;
    }

    #[test]
    fn arguments_that_are_nearly_right(arguments in mutated(&ARGUMENTS)) {
        answers(&arguments, &tokens::read(ITEMS[0]))?;
    }

    #[test]
    fn any_text_for_the_crate_and_for_what_is_done_about_an_error(text in any::<String>()) {
        for option in ["crate", "on_error"] {
            let mut arguments = tokens::read(&format!("{option} = "));
            arguments.push(Tree::Literal(Literal::string(&text).to_string()));
            answers(&arguments, &tokens::read(ITEMS[0]))?;
        }
    }
}

/// The two kinds of answer of both attributes, or the test fails.
fn answers(arguments: &[Tree], item: &[Tree]) -> Result<(), TestCaseError> {
    let (arguments, item) = (stream(arguments), stream(item));
    let answer = expand::die_with_parent(arguments.clone(), item.clone());
    if !is_error(&answer, &item)? {
        has_first_statement(&answer, &item)?;
    }
    let answer = expand::launcher(arguments, item.clone());
    if !is_error(&answer, &item)? {
        is_around(&answer, &item)?;
    }
    Ok(())
}

/// One error, and the item as it was.
fn is_error(answer: &TokenStream, item: &TokenStream) -> Result<bool, TestCaseError> {
    let trees: Vec<TokenTree> = answer.clone().into_iter().collect();
    let Some((message, rest)) = error(&trees) else { return Ok(false) };
    prop_assert!(message.to_string().len() > "\"\"".len(), "an error without a message: {answer}");
    prop_assert!(error(rest).is_none(), "two errors: {answer}");
    let rest = text(rest.iter().cloned().collect());
    let kept = rest == text(item.clone()) || rest == text(main_fn::without_parameters(item.clone()));
    prop_assert!(kept, "the item is another: {answer}");
    Ok(true)
}

fn split(main: &TokenStream) -> Result<MainFn, TestCaseError> {
    MainFn::split(main.clone(), "").map_err(|error| TestCaseError::fail(format!("{error}: {main}")))
}

/// An item that is a `main`, with all that the user wrote, and the call before it.
fn has_first_statement(answer: &TokenStream, item: &TokenStream) -> Result<(), TestCaseError> {
    let (before, after) = (split(item)?, split(answer)?);
    prop_assert_eq!(text(before.head()), text(after.head()));
    let (its_attributes, its_statements) = before.split_body();
    let (attributes, statements) = after.split_body();
    prop_assert_eq!(text(its_attributes), text(attributes));
    let (call, rest) = split_call(statements);
    prop_assert!(is_call(&call), "no call: {answer}");
    prop_assert_eq!(text(its_statements), text(rest));
    Ok(())
}

/// A `main` that contains the item, but for its visibility and the attributes that go around it, and calls `init` and
/// the item.
fn is_around(answer: &TokenStream, item: &TokenStream) -> Result<(), TestCaseError> {
    let (item, outer) = (split(item)?, split(answer)?);
    prop_assert_eq!(text(item.visibility), text(outer.visibility));
    prop_assert!(outer.qualifiers.is_empty(), "qualifiers: {answer}");
    let within: Vec<TokenTree> = outer.body.stream().into_iter().collect();
    let is_body = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let Some(body) = within.iter().rposition(is_body) else {
        return Err(TestCaseError::fail(format!("no item within: {answer}")));
    };
    let inner = split(&within[..=body].iter().cloned().collect())?;
    prop_assert_eq!(text(item.qualifiers), text(inner.qualifiers));
    prop_assert_eq!(text(item.signature), text(inner.signature));
    prop_assert_eq!(item.body.to_string(), inner.body.to_string());
    prop_assert_eq!(item.attributes.len(), outer.attributes.len() + inner.attributes.len());
    let calls: String = within[body + 1..].iter().map(ToString::to_string).collect();
    prop_assert!(calls.ends_with("::__private::Launcher::init();main()"), "no calls: {answer}");
    Ok(())
}

/// The message of `::core::compile_error! { "…" }`, and what follows.
fn error(trees: &[TokenTree]) -> Option<(Literal, &[TokenTree])> {
    let (error, rest) = trees.split_at_checked(8)?;
    let [path @ .., TokenTree::Punct(bang), TokenTree::Group(braces)] = error else { return None };
    let path: String = path.iter().map(ToString::to_string).collect();
    let [TokenTree::Literal(message)] = &braces.stream().into_iter().collect::<Vec<_>>()[..] else { return None };
    (path == "::core::compile_error" && bang.as_char() == '!').then(|| (message.clone(), rest))
}

/// Up to its semicolon, and what follows.
fn split_call(statements: TokenStream) -> (Vec<TokenTree>, TokenStream) {
    let mut call = Vec::new();
    let mut rest = statements.into_iter();
    for tree in rest.by_ref() {
        let ends = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == ';');
        call.push(tree);
        if ends {
            break;
        }
    }
    (call, rest.collect())
}

/// `path::to::pdeathsig::__private::arm(…);`
fn is_call(call: &[TokenTree]) -> bool {
    let [path @ .., TokenTree::Group(arguments), TokenTree::Punct(end)] = call else { return false };
    let path: String = path.iter().map(ToString::to_string).collect();
    let within = arguments.stream().to_string();
    arguments.delimiter() == Delimiter::Parenthesis
        && end.as_char() == ';'
        && path.ends_with("::__private::arm")
        && within.contains("DieWithParent :: new")
        && within.contains("OnError ::")
}

/// Without the invisible groups around the whole.
fn text(tokens: TokenStream) -> String {
    main_fn::visible(tokens).into_iter().collect::<TokenStream>().to_string()
}
