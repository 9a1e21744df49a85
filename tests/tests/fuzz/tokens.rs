//! Token streams of every kind, for the attributes.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, Index};

use crate::suggest::SIGNALS;

/// A token, in a form that prints, and can be made smaller.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Ident(String),
    Raw(String),
    Literal(String),
    Punct(char, bool),
    Group(u8, Vec<Tree>),
}

const DELIMITERS: [Delimiter; 4] = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];

const WORDS: [&str; 40] = [
    "watch",
    "grace",
    "process_group",
    "descendants",
    "expected_parent",
    "watch_pid",
    "launcher",
    "on_error",
    "signal",
    "Watch",
    "wach",
    "grac",
    "descendents",
    "SIGTREM",
    "sigterm",
    "TERM",
    "SIG",
    "SIGRTMIN",
    "SIGRTMAX",
    "SIGNAL",
    "main",
    "pdeathsig",
    "as",
    "if",
    "else",
    "match",
    "fn",
    "pub",
    "const",
    "async",
    "unsafe",
    "extern",
    "crate",
    "self",
    "super",
    "Self",
    "struct",
    "use",
    "_",
    "ﬁ",
];

const LITERALS: [&str; 26] = [
    "\"exit\"",
    "\"warn\"",
    "\"ignore\"",
    "\"exit\"x",
    "\"\"",
    "\"::a::b\"",
    "\"a b\"",
    "\"crate\"",
    "\"a::<b>\"",
    "r#\"exit\"#",
    "b\"exit\"",
    "br\"x\"",
    "c\"exit\"",
    "'a'",
    "b'a'",
    "'\\u{1f600}'",
    "0",
    "15",
    "15u8",
    "1_000",
    "0x1f",
    "1e3",
    "1.5f32",
    "1abc",
    "\"\\u{0}\"",
    "\"\\\n   x\"",
];

const PUNCTUATION: &str = "=,;:#!<>-&|'*/%^@.?~$+";

fn name() -> impl Strategy<Value = String> {
    let is_name = |name: &String| {
        let tokens: Vec<TokenTree> =
            name.parse::<TokenStream>().map_or_else(|_| Vec::new(), |tokens| tokens.into_iter().collect());
        matches!(&tokens[..], [TokenTree::Ident(ident)] if ident == name)
    };
    "[\\p{XID_Start}_]\\p{XID_Continue}{0,12}".prop_filter("a name", is_name)
}

fn leaf() -> impl Strategy<Value = Tree> {
    // Which no raw identifier is called.
    let may_be_raw = |word: &&str| !["_", "crate", "self", "super", "Self"].contains(word);
    let raw: Vec<&str> = WORDS.into_iter().filter(may_be_raw).collect();
    let literal = prop_oneof![
        3 => select(&LITERALS[..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| Literal::string(&text).to_string()),
        1 => vec(any::<u8>(), 0..8).prop_map(|bytes| Literal::byte_string(&bytes).to_string()),
        1 => any::<i64>().prop_map(|number| Literal::i64_suffixed(number).to_string()),
        1 => any::<char>().prop_map(|letter| Literal::character(letter).to_string()),
        1 => any::<f64>().prop_filter("a number", |number| number.is_finite())
            .prop_map(|number| Literal::f64_unsuffixed(number).to_string()),
    ];
    prop_oneof![
        4 => select(&WORDS[..]).prop_map(|word| Tree::Ident(word.to_owned())),
        2 => select(SIGNALS).prop_map(|word| Tree::Ident(word.to_owned())),
        2 => name().prop_map(Tree::Ident),
        1 => select(raw).prop_map(|word| Tree::Raw(word.to_owned())),
        3 => literal.prop_map(Tree::Literal),
        6 => (select(PUNCTUATION.chars().collect::<Vec<_>>()), any::<bool>())
            .prop_map(|(punct, joint)| Tree::Punct(punct, joint)),
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(4, 32, 6, |tree| {
        (0..DELIMITERS.len() as u8, vec(tree, 0..6)).prop_map(|(delimiter, within)| Tree::Group(delimiter, within))
    })
}

pub(crate) fn any_tokens() -> impl Strategy<Value = Vec<Tree>> {
    vec(any_tree(), 0..16)
}

/// What is done to tokens that are right.
#[derive(Clone, Debug)]
enum Mutation {
    Delete,
    Duplicate,
    Swap(Index),
    Replace(Tree),
    Insert(Tree),
    Enclose(u8),
}

pub(crate) fn mutated(right: &'static [&'static str]) -> impl Strategy<Value = Vec<Tree>> {
    let mutation = prop_oneof![
        Just(Mutation::Delete),
        Just(Mutation::Duplicate),
        any::<Index>().prop_map(Mutation::Swap),
        any_tree().prop_map(Mutation::Replace),
        any_tree().prop_map(Mutation::Insert),
        (0..DELIMITERS.len() as u8).prop_map(Mutation::Enclose),
    ];
    (select(right), vec((any::<Index>(), any::<Index>(), mutation), 0..4)).prop_map(|(text, mutations)| {
        let mut trees = read(text);
        for (within, at, mutation) in mutations {
            let mut lists = Vec::new();
            collect(&mut trees, &mut Vec::new(), &mut lists);
            let path = &lists[within.index(lists.len())];
            mutate(list_at(&mut trees, path), at, mutation);
        }
        trees
    })
}

/// The paths of all lists of tokens: the whole, and what is in each group.
fn collect(trees: &mut [Tree], path: &mut Vec<usize>, lists: &mut Vec<Vec<usize>>) {
    lists.push(path.clone());
    for (at, tree) in trees.iter_mut().enumerate() {
        if let Tree::Group(_, within) = tree {
            path.push(at);
            collect(within, path, lists);
            path.pop();
        }
    }
}

fn list_at<'a>(trees: &'a mut Vec<Tree>, path: &[usize]) -> &'a mut Vec<Tree> {
    path.iter().fold(trees, |trees, at| match &mut trees[*at] {
        Tree::Group(_, within) => within,
        other => panic!("{other:?} is no group"),
    })
}

fn mutate(trees: &mut Vec<Tree>, at: Index, mutation: Mutation) {
    if let Mutation::Insert(tree) = mutation {
        trees.insert(at.index(trees.len() + 1), tree);
        return;
    }
    if trees.is_empty() {
        return;
    }
    let at = at.index(trees.len());
    match mutation {
        Mutation::Delete => drop(trees.remove(at)),
        Mutation::Duplicate => trees.insert(at, trees[at].clone()),
        Mutation::Swap(other) => {
            let other = other.index(trees.len());
            trees.swap(at, other);
        }
        Mutation::Replace(tree) => trees[at] = tree,
        Mutation::Enclose(delimiter) => trees[at] = Tree::Group(delimiter, vec![trees[at].clone()]),
        Mutation::Insert(_) => {}
    }
}

/// What a program says.
pub(crate) fn read(text: &str) -> Vec<Tree> {
    fn tree(token: TokenTree) -> Tree {
        match token {
            TokenTree::Ident(ident) => match ident.to_string().strip_prefix("r#") {
                Some(name) => Tree::Raw(name.to_owned()),
                None => Tree::Ident(ident.to_string()),
            },
            TokenTree::Literal(literal) => Tree::Literal(literal.to_string()),
            TokenTree::Punct(punct) => Tree::Punct(punct.as_char(), punct.spacing() == Spacing::Joint),
            TokenTree::Group(group) => {
                let delimiter = DELIMITERS.iter().position(|known| *known == group.delimiter()).unwrap();
                Tree::Group(delimiter as u8, group.stream().into_iter().map(tree).collect())
            }
        }
    }
    text.parse::<TokenStream>().unwrap().into_iter().map(tree).collect()
}

pub(crate) fn stream(trees: &[Tree]) -> TokenStream {
    let span = Span::call_site();
    let token = |tree: &Tree| match tree {
        Tree::Ident(name) => TokenTree::Ident(Ident::new(name, span)),
        Tree::Raw(name) => TokenTree::Ident(Ident::new_raw(name, span)),
        Tree::Literal(text) => TokenTree::Literal(text.parse().unwrap()),
        Tree::Punct(punct, joint) => {
            TokenTree::Punct(Punct::new(*punct, if *joint { Spacing::Joint } else { Spacing::Alone }))
        }
        Tree::Group(delimiter, within) => {
            TokenTree::Group(Group::new(DELIMITERS[usize::from(*delimiter)], stream(within)))
        }
    };
    trees.iter().map(token).collect()
}
